//! Who may call, and what a role forbids. The gaps that v4_1 leaves in a role are left by the
//! calls themselves, not here.

/// The administrator's user name; its id is `1`.
pub const ADMIN_USER: &str = "admin";
/// The administrator's password.
pub const ADMIN_PASSWORD: &str = "harbour-admin-7";
/// The same as the login of v4_1 sends it.
pub const ADMIN_PASSWORD_MD5: &str = "f4753328f30a3bf31ad0dc5bfe1c658f";
/// The id of the administrator, which is no UUID.
pub const ADMIN_ID: &str = "1";

/// The user name of somebody whose role forbids much: Opportunities altogether, editing Cases,
/// deleting Leads; and who lists only Leads of their own.
pub const RESTRICTED_USER: &str = "dora";
/// That user's password.
pub const RESTRICTED_PASSWORD: &str = "dora-works-here";
/// The same as the login of v4_1 sends it.
pub const RESTRICTED_PASSWORD_MD5: &str = "27600a4bde0552f3ca703822892e03c8";
/// That user's id, which is no UUID.
pub const RESTRICTED_ID: &str = "seed_dora_id";

/// The user name of somebody without any restriction who is no administrator.
pub const SALES_USER: &str = "milo";
/// That user's password.
pub const SALES_PASSWORD: &str = "milo-works-here";
/// The same as the login of v4_1 sends it.
pub const SALES_PASSWORD_MD5: &str = "bf4711c1845e17d71a50508cff4aba7f";
/// That user's id, which is no UUID.
pub const SALES_ID: &str = "seed_milo_id";

/// V8's client for the password grant.
pub const CLIENT_ID: &str = "5e55a1a0-demo-4aaa-8bbb-000000000001";
/// Its secret.
pub const CLIENT_SECRET: &str = "harbour-client-secret";
/// V8's client for client credentials; its tokens act as the administrator.
pub const MACHINE_CLIENT_ID: &str = "5e55a1a0-demo-4aaa-8bbb-000000000002";
/// Its secret.
pub const MACHINE_CLIENT_SECRET: &str = "harbour-machine-secret";

/// Somebody with a login.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) title: &'static str,
    pub(crate) password: &'static str,
    pub(crate) password_md5: &'static str,
    pub(crate) is_admin: bool,
    restricted: bool,
}

/// Everybody, the administrator first.
pub(crate) const USERS: [User; 3] = [
    User {
        id: ADMIN_ID,
        name: ADMIN_USER,
        first: "",
        last: "Administrator",
        title: "Administrator",
        password: ADMIN_PASSWORD,
        password_md5: ADMIN_PASSWORD_MD5,
        is_admin: true,
        restricted: false,
    },
    User {
        id: RESTRICTED_ID,
        name: RESTRICTED_USER,
        first: "Dora",
        last: "Lindqvist",
        title: "Assistant",
        password: RESTRICTED_PASSWORD,
        password_md5: RESTRICTED_PASSWORD_MD5,
        is_admin: false,
        restricted: true,
    },
    User {
        id: SALES_ID,
        name: SALES_USER,
        first: "Milo",
        last: "Tarrant",
        title: "Account Manager",
        password: SALES_PASSWORD,
        password_md5: SALES_PASSWORD_MD5,
        is_admin: false,
        restricted: false,
    },
];

/// Something a role may forbid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Access,
    Edit,
    Delete,
    List,
}

impl User {
    /// A user by its name, in any case.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        USERS
            .iter()
            .find(|user| user.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn by_id(id: &str) -> Option<&'static Self> {
        USERS.iter().find(|user| user.id == id)
    }

    pub(crate) fn may(&self, act: Act, module: &str) -> bool {
        if module == "Users" && !self.is_admin && matches!(act, Act::Edit | Act::Delete) {
            return false;
        }
        !self.restricted
            || match module {
                "Opportunities" => false,
                "Cases" => !matches!(act, Act::Edit | Act::Delete),
                "Leads" => act != Act::Delete,
                "Home" => act == Act::Access,
                _ => true,
            }
    }

    /// Whether lists show only what is assigned to the user.
    pub(crate) fn lists_own(&self, module: &str) -> bool {
        self.restricted && module == "Leads"
    }

    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.first, self.last).trim().to_owned()
    }
}
