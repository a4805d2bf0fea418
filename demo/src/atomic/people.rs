//! Who may sign in, and who somebody is to the database.

/// A user of the project, who is also one of the CRM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id of the sign-in.
    pub user_id: &'static str,
    /// The number of the row in `sales`.
    pub sales_id: i64,
    /// What they sign in with.
    pub email: &'static str,
    /// The rest of it.
    pub password: &'static str,
    /// As the CRM shows them.
    pub first_name: &'static str,
    /// As the CRM shows them.
    pub last_name: &'static str,
    /// Whether the CRM lets them change its configuration.
    pub administrator: bool,
}

/// The administrator.
pub const ADMIN: Person = Person {
    user_id: "5a1d0a52-7c11-4e0b-9b2f-0f6f3d5e1a01",
    sales_id: 1,
    email: "nadia@desk.example",
    password: "atomic-demo-nadia-8Zk2",
    first_name: "Nadia",
    last_name: "Okafor",
    administrator: true,
};

/// A sales representative.
pub const REP: Person = Person {
    user_id: "5a1d0a52-7c11-4e0b-9b2f-0f6f3d5e1a02",
    sales_id: 2,
    email: "viktor@desk.example",
    password: "atomic-demo-viktor-3Tq7",
    first_name: "Viktor",
    last_name: "Lindgren",
    administrator: false,
};

/// Everybody.
pub(crate) const ALL: [Person; 2] = [ADMIN, REP];

/// The user of an id.
pub(crate) fn find(user_id: &str) -> Option<Person> {
    ALL.into_iter().find(|person| person.user_id == user_id)
}

/// What the database takes a request for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// No token, or one without a role.
    Anon,
    /// A signed-in user, by the token's subject.
    Authenticated(Option<Person>),
}

impl Role {
    pub(crate) fn person(&self) -> Option<Person> {
        match self {
            Self::Anon => None,
            Self::Authenticated(person) => *person,
        }
    }
}
