//! Where clauses: what `query` and `filters` become, and what is refused.

use serde_json::{Value, json};

use crate::fixtures::{crm, failed, fields, listed, v4};

/// The clause that is sent for the arguments of a search.
fn sent(module: &'static str, arguments: Value) -> String {
    let harness = crm()
        .expect(fields(module))
        .expect(v4("get_entry_list", json!([module])).reply(200, listed(Vec::new(), 0)));
    let mut all = json!({"module": module});
    for (key, value) in arguments.as_object().unwrap() {
        all[key] = value.clone();
    }
    harness.invoke("search", all).unwrap();
    let requests = harness.requests();
    let body =
        String::from_utf8_lossy(requests.last().unwrap().body.as_deref().unwrap()).into_owned();
    crate::fixtures::argument(&body, 2)
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_query_is_qualified_quoted_and_parenthesised() {
    for (query, clause) in [
        ("name LIKE 'A%'", "(accounts.name LIKE 'A%')"),
        (
            "accounts.name = \"it's\" or id is not null",
            "(accounts.name = 'it\\'s' OR accounts.id IS NOT NULL)",
        ),
        (
            "NOT (industry IN ('Banking','Other')) AND employees >= 10",
            "(NOT ((accounts.industry IN ('Banking','Other'))) AND accounts.employees >= 10)",
        ),
        (
            "employees BETWEEN -5 AND 10",
            "(accounts.employees BETWEEN -5 AND 10)",
        ),
        (
            "name NOT LIKE '50\\%'",
            "(NOT (accounts.name LIKE '50\\\\%'))",
        ),
        (
            "tags_c = '^a^' AND accounts_cstm.tags_c <> ''",
            "(accounts_cstm.tags_c = '^a^' AND accounts_cstm.tags_c <> '')",
        ),
        (
            "name = 'a -- b # c /* d */'",
            "(accounts.name = 'a -- b # c /* d */')",
        ),
        (
            "LOWER(name) = 'x' AND DATE(date_entered) = CURDATE()",
            "(LOWER(accounts.name) = 'x' AND DATE(accounts.date_entered) = CURDATE())",
        ),
        (
            "date_modified > DATE_SUB(NOW(), INTERVAL 7 DAY)",
            "(accounts.date_modified > DATE_SUB(NOW(),INTERVAL 7 DAY))",
        ),
        ("deleted = true", "(accounts.deleted = 1)"),
        ("((name = 'a'))", "(((accounts.name = 'a')))"),
        (
            "name = 'a' OR industry = 'b' AND employees < 3",
            "(accounts.name = 'a' OR accounts.industry = 'b' AND accounts.employees < 3)",
        ),
    ] {
        assert_eq!(sent("Accounts", json!({"query": query})), clause, "{query}");
    }
    assert_eq!(sent("Accounts", json!({"query": "  "})), "");
}

const IN_EMAILS: &str = "IN (SELECT eabr.bean_id FROM email_addr_bean_rel eabr JOIN email_addresses ea ON (ea.id = eabr.email_address_id) WHERE eabr.deleted=0 AND ";

#[test]
fn addresses_are_searched_in_the_one_sub_select_that_is_allowed() {
    for (query, clause) in [
        (
            "email1 LIKE '%@example.com'",
            format!("(contacts.id {IN_EMAILS}ea.email_address LIKE '%@example.com'))"),
        ),
        (
            "contacts.email1 <> 'a@example.com'",
            format!("(contacts.id NOT {IN_EMAILS}ea.email_address = 'a@example.com'))"),
        ),
        (
            "email1 IS NULL",
            format!("(contacts.id NOT {IN_EMAILS}ea.email_address IS NOT NULL))"),
        ),
        (
            "email1 NOT IN ('a','b')",
            format!("(contacts.id NOT {IN_EMAILS}ea.email_address IN ('a','b')))"),
        ),
    ] {
        assert_eq!(sent("Contacts", json!({"query": query})), clause, "{query}");
    }
    let filter = json!({"filters": [{"field": "email1", "operator": "empty"}]});
    assert_eq!(
        sent("Contacts", filter),
        format!("(contacts.id NOT {IN_EMAILS}ea.email_address <> ''))")
    );
}

#[test]
fn a_persons_name_is_compared_as_the_crm_puts_it_together() {
    assert_eq!(
        sent(
            "Contacts",
            json!({"filters": [{"field": "name", "operator": "starts_with", "value": "Ann"}]})
        ),
        "(LTRIM(RTRIM(CONCAT(IFNULL(contacts.first_name,''),' ',IFNULL(contacts.last_name,'')))) LIKE 'Ann%')"
    );
}

#[test]
fn filters_become_clauses() {
    for (filter, clause) in [
        (
            json!({"field": "name", "value": "O'Neil \\ Co"}),
            "accounts.name = 'O\\'Neil \\\\ Co'",
        ),
        (
            json!({"field": "name", "operator": "ne", "value": "a"}),
            "(accounts.name IS NULL OR NOT (accounts.name = 'a'))",
        ),
        (
            json!({"field": "name", "operator": "contains", "value": "50%_"}),
            "accounts.name LIKE '%50\\\\%\\\\_%'",
        ),
        (
            json!({"field": "name", "operator": "ends_with", "value": "x"}),
            "accounts.name LIKE '%x'",
        ),
        (
            json!({"field": "employees", "operator": "gt", "value": 10}),
            "accounts.employees > '10'",
        ),
        (
            json!({"field": "employees", "operator": "between", "value": [1, 5]}),
            "accounts.employees BETWEEN '1' AND '5'",
        ),
        (
            json!({"field": "industry", "operator": "in", "value": ["Banking", "Other"]}),
            "accounts.industry IN ('Banking','Other')",
        ),
        (
            json!({"field": "industry", "operator": "not_in", "value": ["Banking"]}),
            "(accounts.industry IS NULL OR NOT (accounts.industry IN ('Banking')))",
        ),
        (
            json!({"field": "industry", "operator": "empty"}),
            "(accounts.industry IS NULL OR accounts.industry = '')",
        ),
        (
            json!({"field": "employees", "operator": "empty"}),
            "accounts.employees IS NULL",
        ),
        (
            json!({"field": "name", "operator": "not_empty"}),
            "accounts.name <> ''",
        ),
        (
            json!({"field": "date_modified", "operator": "gte", "value": "2026-12-01T01:00:00+02:00"}),
            "accounts.date_modified >= '2026-11-30 23:00:00'",
        ),
        (
            json!({"field": "date_modified", "operator": "lt", "value": "2026-12-01"}),
            "accounts.date_modified < '2026-12-01 00:00:00'",
        ),
        (
            json!({"field": "deleted", "value": false}),
            "accounts.deleted = '0'",
        ),
        (
            json!({"field": "tags_c", "operator": "contains", "value": "^a^"}),
            "accounts_cstm.tags_c LIKE '%^a^%'",
        ),
    ] {
        assert_eq!(
            sent("Accounts", json!({"filters": [filter]})),
            format!("({clause})"),
            "{filter}"
        );
    }
    let two = json!([{"field": "name", "value": "a"}, {"field": "industry", "value": "b"}]);
    assert_eq!(
        sent("Accounts", json!({"filters": two, "match": "any"})),
        "(accounts.name = 'a' OR accounts.industry = 'b')"
    );
    assert_eq!(
        sent(
            "Accounts",
            json!({"filters": [{"field": "name", "value": "a"}], "query": "employees > 1 OR employees < 0"})
        ),
        "(accounts.employees > 1 OR accounts.employees < 0) AND (accounts.name = 'a')"
    );
}

#[test]
fn refused_clauses_say_which_part_and_what_instead() {
    for (query, part) in [
        ("name", "name"),
        ("name = ", "SQL condition"),
        ("name = 'x", "no SQL"),
        ("name = 'x' ORDER BY name", "goes on"),
        ("name = 'x' UNION SELECT 1", "goes on"),
        ("name = 'x';", "semicolon"),
        ("name = 'x' AND EXISTS (SELECT 1)", "sub-select"),
        ("name = (SELECT 1)", "sub-select"),
        ("name REGEXP 'x'", "not allowed"),
        ("name = 'a' XOR name = 'b'", "not allowed"),
        ("name = 'a' || name = 'b'", "||"),
        ("SLEEP(1) = 0", "SLEEP"),
        ("name = SLEEP(1)", "SLEEP"),
        ("IFNULL(SLEEP(1), 0) = 1", "SLEEP"),
        ("name = LOAD_FILE('/etc/hostname')", "LOAD_FILE"),
        ("CASE WHEN 1=1 THEN 1 ELSE 0 END = 1", "CASE"),
        ("CAST(name AS CHAR) = 'x'", "CAST"),
        ("users.user_hash = 'x'", "users"),
        ("a.b.c = 1", "`a`"),
        ("name = @x", "@x"),
        ("name = ?", "?"),
        ("name = 0x41", "not allowed"),
        ("name = 'a' /*! OR 1=1 */", "comment"),
        ("name LIKE 'a' ESCAPE 'b'", "not allowed"),
        ("LOWER(email1) = 'a'", "left of"),
        ("LOWER(name, name) = 'a'", "LOWER takes"),
        ("NOW() OVER () = 1", "NOW"),
        (
            "DATE_SUB(NOW(), INTERVAL 7 FORTNIGHT) < date_entered",
            "no SQL condition",
        ),
        (
            "DATE_SUB(NOW(), INTERVAL 7 MICROSECOND) < date_entered",
            "INTERVAL 7 DAY",
        ),
        ("name IS TRUE", "IS TRUE"),
        ("(name, id) = ('a', 'b')", "a row of several values"),
        ("SUBSTRING(name, 1, 2) = 'a'", "SUBSTRING"),
        ("EXTRACT(YEAR FROM date_entered) = 2026", "EXTRACT"),
        ("name COLLATE utf8_bin = 'a'", "COLLATE"),
        ("MATCH (name) AGAINST ('a')", "MATCH"),
        ("_utf8'a' = name", "a character set before a text"),
        ("FLOOR(employees) = 1", "FLOOR"),
        ("name = ANY (SELECT 1)", "ANY"),
        ("employees = (name IS NULL)", "IS NULL in place"),
        ("TRIM(BOTH 'a' FROM name) = 'b'", "TRIM with more"),
        ("parent_name = 'x'", "not stored"),
    ] {
        let failure = failed(
            crm()
                .expect(fields("Accounts"))
                .invoke("search", json!({"module": "Accounts", "query": query})),
        );
        assert!(failure.message.contains(part), "{query}: {failure}");
        assert_eq!(failure.fields, ["/query"], "{query}");
        assert!(failure.suggestion.is_some(), "{query}");
    }
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let query = format!("{}name = 'a'{}", "(".repeat(900), ")".repeat(900));
    let failure = failed(
        crm()
            .expect(fields("Accounts"))
            .invoke("search", json!({"module": "Accounts", "query": query})),
    );
    assert_eq!(&*failure.code, "INVALID_QUERY");
    // A long chain is no nesting.
    let query = vec!["name='a'"; 150].join(" OR ");
    assert!(sent("Accounts", json!({"query": query})).ends_with("accounts.name = 'a')"));
}

#[test]
fn filters_with_wrong_values_are_refused() {
    for (filter, code, pointer) in [
        (
            json!({"field": "name"}),
            "INVALID_ARGUMENT",
            "/filters/0/value",
        ),
        (
            json!({"field": "name", "value": {"a": 1}}),
            "INVALID_FIELD_VALUE",
            "/filters/0/value",
        ),
        (
            json!({"field": "name", "operator": "in", "value": "x"}),
            "INVALID_ARGUMENT",
            "/filters/0/value",
        ),
        (
            json!({"field": "name", "operator": "in", "value": []}),
            "INVALID_ARGUMENT",
            "/filters/0/value",
        ),
        (
            json!({"field": "name", "operator": "between", "value": [1]}),
            "INVALID_ARGUMENT",
            "/filters/0/value",
        ),
        (
            json!({"field": "date_modified", "operator": "gt", "value": "yesterday"}),
            "INVALID_FIELD_VALUE",
            "/filters/0/value",
        ),
        (
            json!({"field": "parent_name", "value": "x"}),
            "INVALID_FIELD",
            "/filters/0/field",
        ),
    ] {
        let failure = failed(
            crm()
                .expect(fields("Accounts"))
                .invoke("search", json!({"module": "Accounts", "filters": [filter]})),
        );
        assert_eq!(
            (&*failure.code, failure.fields.as_slice()),
            (code, [pointer.to_owned()].as_slice()),
            "{filter}"
        );
    }
}
