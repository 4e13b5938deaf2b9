//! Reading the forms of a page the way a browser does, as far as our pages go.
//! <https://html.spec.whatwg.org/multipage/forms.html>

/// A form as the page has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) action: String,
    pub(super) fields: Vec<(String, String)>,
}

impl Form {
    /// The form of a page with this id.
    pub(super) fn find(page: &str, id: &str) -> Option<Self> {
        let forms = page.split("<form").skip(1);
        let wanted = format!("id=\"{id}\"");
        let form = forms
            .filter_map(|rest| rest.split("</form>").next())
            .find(|form| {
                form.split('>')
                    .next()
                    .is_some_and(|tag| tag.contains(&wanted))
            })?;
        let (tag, content) = form.split_once('>')?;
        let inputs = content.split("<input").skip(1);
        let fields = inputs.filter_map(|input| {
            let tag = input.split('>').next()?;
            let value = attribute(tag, "value").unwrap_or_default();
            Some((attribute(tag, "name")?, value))
        });
        Some(Self {
            action: attribute(tag, "action")?,
            fields: fields.collect(),
        })
    }

    /// Types into a field.
    pub(super) fn fill(mut self, name: &str, value: &str) -> Self {
        if let Some(field) = self.fields.iter_mut().find(|(have, _)| have == name) {
            value.clone_into(&mut field.1);
        }
        self
    }
}

/// The value of an attribute of a tag.
pub(super) fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(unescape)
}

/// The text of the first element with this id.
pub(super) fn text_of(page: &str, id: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("id=\"{id}\""))?;
    let (_, text) = rest.split_once('>')?;
    text.split('<').next().map(unescape)
}

/// The tag of the first element with this id.
pub(super) fn tag_of<'a>(page: &'a str, id: &str) -> Option<&'a str> {
    let mark = format!("id=\"{id}\"");
    page.split('<')
        .filter_map(|part| part.split('>').next())
        .find(|tag| tag.contains(&mark))
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_and_filled() {
        let page = "<form id=\"a\" action=\"/x\"></form>\
            <form id=\"b\" action=\"/y?p=1&amp;q=2\"><input type=\"hidden\" name=\"n\" \
            value=\"&quot;v&quot;\"><input type=\"text\" name=\"t\"></form>";
        let form = Form::find(page, "b").unwrap().fill("t", "typed");
        assert_eq!(form.action, "/y?p=1&q=2");
        let fields = [("n", "\"v\""), ("t", "typed")];
        assert_eq!(
            form.fields,
            fields.map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
        assert_eq!(Form::find(page, "c"), None);
        assert_eq!(text_of("<p id=\"f\">a &lt; b</p>", "f").unwrap(), "a < b");
    }
}
