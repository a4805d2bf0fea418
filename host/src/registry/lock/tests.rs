//! The file: what is written is read, what is not understood is left alone, and writers do not lose
//! each other's entries.

use super::*;

fn pin(digest: u8) -> Pin {
    let manifest = serde_json::json!({
        "manifest": 1, "id": "notes", "version": "1.2.3", "abi": "0.1", "summary": "s",
        "base": {"append": "/v1"},
        "headers": {"send": ["prefer"], "constant": {"apikey": "{key}"}},
        "secrets": {"key": {"title": "k"}},
        "settings": {"type": "object", "properties": {"zone": {"enum": ["UTC", null]}}},
        "credentials": {"default": [
            {"name": "key", "needs": ["key"], "recipe": "header", "header": "x-key", "value": "{key}"}]},
        "explained": [{"status": [502], "body": {"contains": "a 'b' \"c\""}}],
        "live_check": {"routes": [{"method": "GET", "path": ""}]},
        "tools": [{
            "name": "add", "title": "t", "description": "d", "effect": "destructive",
            "input_schema": {"type": "object", "properties": {"id": {"pattern": "^[\\w]'\"$"}}},
            "output_schema": {}, "aliases": ["more"], "meta": {"ui": {"a": 1.50}},
            "routes": [{"method": "POST", "path": "{id}", "same": {"id": "/id"}, "safe": "line\nbreak"}],
            "preview_routes": [{"method": "GET", "path": "notes", "when": {"/k": [null, 1.0]}}],
            "cases": [{"when": {"/k": ["x"]}, "effect": "write", "routes": [{"method": "GET", "path": "a"}]}],
        }],
        "resources": [{"name": "page", "uri": "ui://{connection}/p", "title": "t", "description": "d",
            "mime_type": "text/html", "routes": [{"method": "GET", "path": "p"}]}],
    });
    let manifest = serde_json::from_value(manifest).unwrap();
    Pin {
        digest: shown(&[digest; 32]),
        version: "1.2.3".to_owned(),
        replaces_embedded: true,
        asks: Asks::of(&manifest, &["portcullis:plugin/http@0.1.0".to_owned()], &[]),
    }
}

fn lock(ids: &[&str]) -> Lock {
    let pins = ids.iter().map(|id| (PluginId::new(id).unwrap(), pin(7)));
    Lock {
        pins: pins.collect(),
    }
}

#[test]
fn what_is_written_is_read() {
    for lock in [lock(&[]), lock(&["notes"]), lock(&["a", "b"])] {
        let text = lock.to_text().unwrap();
        assert!(text.starts_with("# The plugins that were approved"));
        assert_eq!(Lock::parse(&text, Path::new(FILE)).unwrap(), lock, "{text}");
    }
    insta::assert_snapshot!(lock(&["notes"]).to_text().unwrap(), @r##"
    # The plugins that were approved, each with the digest of its file and what it asks for; written by
    # Portcullis. Keep this file under version control. A plugin that asks for more than what stands here
    # waits for `portcullis plugin approve <id>`.

    lock = 1

    [plugin.notes]
    digest = "sha256:0707070707070707070707070707070707070707070707070707070707070707"
    version = "1.2.3"
    replaces_embedded = true

    [plugin.notes.asks]
    world = "0.1"
    imports = ["portcullis:plugin/http"]
    exports = []
    secrets = ["key"]
    live_check = ["GET "]
    explained = ['''{"body":{"contains":"a 'b' \"c\""},"status":[502]}''']

    [plugin.notes.asks.headers]
    send = ["prefer"]

    [plugin.notes.asks.headers.constant]
    apikey = "{key}"

    [plugin.notes.asks.base]
    append = "/v1"

    [plugin.notes.asks.settings]
    zone = '{"enum":["UTC",null]}'

    [plugin.notes.asks.credentials]
    default = ['{"header":"x-key","name":"key","needs":["key"],"recipe":"header","value":"{key}"}']

    [plugin.notes.asks.tools.add]
    effect = "destructive"
    aliases = ["more"]
    meta = '{"ui":{"a":1.5}}'
    routes = ['POST {id} {"safe":"line\nbreak","same":{"id":"/id"}}']
    preview_routes = ['GET notes {"when":{"/k":[null,1.0]}}']

    [plugin.notes.asks.tools.add.arguments]
    id = '''optional {"pattern":"^[\\w]'\"$"}'''
    k = "optional true"

    [[plugin.notes.asks.tools.add.cases]]
    when = '{"/k":["x"]}'
    effect = "write"
    routes = ["GET a"]

    [plugin.notes.asks.resources.page]
    uri = "ui://{connection}/p"
    mime_type = "text/html"
    routes = ["GET p"]
    "##);
}

#[test]
fn what_is_not_understood_is_told_with_its_line_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let good = lock(&["notes"]).to_text().unwrap();
    for (damaged, expected) in [
        (good.replace("lock = 1", "lock = 1\n<<<<<<< ours"), ":6: "),
        (
            good.replace("lock = 1", "lock = 2"),
            ":5: it is written in revision 2",
        ),
        (good.replace("lock = 1", ""), ":1: missing field `lock`"),
        (good.replace("plugin.notes", "plugin.Notes"), "`Notes`"),
        (
            good.replace("sha256:07", "sha256:7"),
            ":7: `digest` of `notes` is no",
        ),
        (
            good.replace("replaces_embedded", "replaces"),
            ":10: unknown field `replaces`",
        ),
        (good.replace("GET notes", "FETCH notes"), "is no route"),
        (
            good.replace("effect = \"write\"", "effect = \"none\""),
            "unknown variant `none`",
        ),
    ] {
        fs::write(&path, &damaged).unwrap();
        let error = Lock::read(&path).unwrap_err().to_string();
        assert!(
            error.contains(expected),
            "{error}\nwants {expected}\n{damaged}"
        );
        assert!(error.contains("portcullis.lock:"), "{error}");
        let update = Lock::update(&path, |lock| lock.pins.clear());
        assert!(update.is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
    }
}

#[test]
fn writers_at_a_time_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = &path;
            scope.spawn(move || {
                for at in 0..10 {
                    let id = PluginId::new(&format!("p{writer}_{at}")).unwrap();
                    Lock::update(path, |lock| drop(lock.pins.insert(id, pin(1)))).unwrap();
                }
            });
        }
    });
    assert_eq!(Lock::read(&path).unwrap().pins.len(), 40);
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing else is left: {names:?}");
}

#[test]
fn an_update_that_changes_nothing_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    assert_eq!(Lock::update(&path, |_| {}).unwrap(), Lock::default());
    assert!(!path.exists());
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (path, target) = (folder.path().join(FILE), folder.path().join("kept.toml"));
    fs::write(&target, lock(&[]).to_text().unwrap()).unwrap();
    std::os::unix::fs::symlink(&target, &path).unwrap();
    Lock::update(&path, |found| *found = lock(&["notes"])).unwrap();
    assert!(path.is_symlink());
    assert_eq!(Lock::read(&target).unwrap(), lock(&["notes"]));
}
