//! Reading `multipart/form-data`: fields and files, nothing else.

use serde_json::{Map, Value};

use super::request::File;

/// Fields and files of a form. Parts that are not of the form are left out, as lenient servers do.
pub(crate) fn read(kind: &str, body: &[u8]) -> (Map<String, Value>, Vec<File>) {
    let (mut fields, mut files) = (Map::new(), Vec::new());
    let boundary = kind.split("boundary=").nth(1).map(|rest| {
        rest.split(';')
            .next()
            .unwrap_or(rest)
            .trim()
            .trim_matches('"')
    });
    let Some(boundary) = boundary.filter(|text| !text.is_empty()) else {
        return (fields, files);
    };
    for part in split(body, format!("--{boundary}").as_bytes()) {
        let Some(at) = find(part, b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&part[..at]).into_owned();
        let rest = &part[at + 4..];
        let content = rest.strip_suffix(b"\r\n").unwrap_or(rest);
        let Some(name) = attribute(&head, "name") else {
            continue;
        };
        match attribute(&head, "filename") {
            Some(file) => files.push(File {
                field: name,
                name: file,
                bytes: content.to_vec(),
            }),
            None => {
                let text = String::from_utf8_lossy(content).into_owned();
                fields.insert(name, Value::String(text));
            }
        }
    }
    (fields, files)
}

/// The value of `name="…"` in a part's head.
fn attribute(head: &str, name: &str) -> Option<String> {
    let start = head.find(&format!(" {name}=\""))? + name.len() + 3;
    let rest = head.get(start..)?;
    Some(rest.split('"').next()?.to_owned())
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn split<'a>(text: &'a [u8], by: &[u8]) -> Vec<&'a [u8]> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(at) = find(rest, by) {
        parts.push(&rest[..at]);
        rest = &rest[at + by.len()..];
    }
    parts
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_field_and_a_file() {
        let body =
            b"--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nA form\r\n--x\r\n\
            Content-Disposition: form-data; name=\"document_file\"; filename=\"a.txt\"\r\n\
            Content-Type: text/plain\r\n\r\none\r\ntwo\r\n--x--\r\n";
        let (fields, files) = super::read("multipart/form-data; boundary=x", body);
        assert_eq!(fields["title"], "A form");
        assert_eq!(files[0].name, "a.txt");
        assert_eq!(files[0].bytes, b"one\r\ntwo");
    }
}
