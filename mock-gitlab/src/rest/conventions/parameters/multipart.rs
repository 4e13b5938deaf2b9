//! Multipart forms: fields become parameters, files keep their bytes.
//! <https://www.rfc-editor.org/rfc/rfc7578>

use bytes::Bytes;
use serde_json::Value;

use super::Upload;
use super::parse::{Body, insert};
use crate::request::Request;

/// The parts of a form; nothing when the content type names no boundary.
pub(super) fn read(request: &Request) -> Option<Body> {
    let boundary = request.header("content-type")?.split("boundary=").nth(1)?;
    let boundary = boundary.split(';').next()?.trim().trim_matches('"');
    let delimiter = format!("--{boundary}");
    let mut form = Body::default();
    let mut rest = request.body.clone();
    while let Some(start) = find(&rest, delimiter.as_bytes()) {
        rest = rest.slice(start + delimiter.len()..);
        let end = find(&rest, delimiter.as_bytes()).unwrap_or(rest.len());
        take(&mut form, &rest.slice(..end));
    }
    Some(form)
}

/// Puts one part where it belongs; a part without a name is left out.
fn take(form: &mut Body, part: &Bytes) {
    let Some(end) = find(part, b"\r\n\r\n") else {
        return;
    };
    let head = String::from_utf8_lossy(&part.slice(..end)).into_owned();
    let content = part.slice(end + 4..);
    let content = match content.strip_suffix(b"\r\n") {
        Some(content) => part.slice_ref(content),
        None => content,
    };
    let Some(name) = quoted(&head, " name=\"") else {
        return;
    };
    if let Some(filename) = quoted(&head, "filename=\"") {
        let upload = Upload {
            filename: filename.to_owned(),
            content,
        };
        form.files.insert(name.to_owned(), upload);
    } else {
        let text = String::from_utf8_lossy(&content).into_owned();
        insert(&mut form.fields, name, Value::String(text));
    }
}

fn quoted<'a>(head: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = head.split_once(key)?;
    rest.split('"').next()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
