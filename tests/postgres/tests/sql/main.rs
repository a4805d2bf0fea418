//! x
#[test]
fn starts() {
 let p = portcullis_postgres_tests::Project::start().unwrap();
 println!("{:?}", p.rest.call(portcullis_postgres_tests::Caller::Rep, "crm_mcp_query", &serde_json::json!({"sql":"select * from private_notes"})));
}
