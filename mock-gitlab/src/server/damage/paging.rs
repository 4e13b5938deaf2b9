//! Page headers that lie.

use crate::answer::Answer;
use crate::faults::Paging;
use crate::request::Request;
use crate::site::Site;

/// The host of the foreign next page; `.invalid` never resolves.
const FOREIGN: &str = "https://elsewhere.invalid";

/// Makes the headers of a page lie. Answers without pages get headers as if they had.
pub(super) fn lie(how: Paging, mut answer: Answer, request: &Request, site: &Site) -> Answer {
    match how {
        Paging::MissingHeaders => {
            answer
                .headers
                .retain(|(name, _)| *name != "Link" && !is_about_pages(name));
            answer
        }
        Paging::FalseTotals => {
            answer
                .headers
                .retain(|(name, _)| !matches!(*name, "X-Total" | "X-Total-Pages"));
            answer
                .header("X-Total", "999999")
                .header("X-Total-Pages", "1")
        }
        Paging::RepeatPage => {
            let page = page(request);
            next(answer, &at(request, site, page), page)
        }
        Paging::EndlessNext => {
            let page = page(request) + 1;
            next(answer, &at(request, site, page), page)
        }
        Paging::ForeignNext => {
            let page = page(request) + 1;
            let here = at(request, site, page);
            let path = here.strip_prefix(&site.external_url).unwrap_or(&here);
            next(answer, &format!("{FOREIGN}{path}"), page)
        }
    }
}

fn is_about_pages(name: &str) -> bool {
    matches!(
        name,
        "X-Page" | "X-Per-Page" | "X-Next-Page" | "X-Prev-Page" | "X-Total" | "X-Total-Pages"
    )
}

fn page(request: &Request) -> u64 {
    let pairs = form_urlencoded::parse(request.query.as_bytes());
    let page = pairs
        .filter(|(name, _)| name == "page")
        .find_map(|(_, value)| value.parse().ok());
    page.unwrap_or(1)
}

/// The address of this request with another page.
fn at(request: &Request, site: &Site, page: u64) -> String {
    let others =
        form_urlencoded::parse(request.query.as_bytes()).filter(|(name, _)| name != "page");
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(others);
    query.append_pair("page", &page.to_string());
    format!("{}?{}", site.url(&request.path), query.finish())
}

fn next(mut answer: Answer, address: &str, page: u64) -> Answer {
    answer
        .headers
        .retain(|(name, _)| !matches!(*name, "Link" | "X-Next-Page"));
    answer
        .header("Link", format!("<{address}>; rel=\"next\""))
        .header("X-Next-Page", page.to_string())
}
