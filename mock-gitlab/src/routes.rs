//! The router: raw paths in, a handler and its path parameters out.
//!
//! GitLab matches before it decodes: `group%2Fproject` is one segment and stays
//! one. <https://docs.gitlab.com/api/rest/#path-parameters>

mod pattern;
mod tree;

use crate::answer::Answer;
use crate::context::Cx;
use crate::error::ApiError;
pub(crate) use pattern::PathValues;
use pattern::Pattern;
use tree::Tree;

/// A handler runs under the lock of the world and therefore never waits.
pub(crate) type Handler = fn(&mut Cx<'_>) -> Result<Answer, ApiError>;

/// Who speaks to a route, and so how credentials are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    /// `/api/v4`: tokens, scopes, JSON errors.
    Rest,
    /// `/api/graphql`: tokens as in REST, scopes by operation, errors of its own.
    GraphQl,
    /// Pages and OAuth: the session cookie; the handler does the rest.
    Web,
    /// The control API of the mock: loopback only, not in the ledger.
    Control,
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) surface: Surface,
    pub(crate) handler: Handler,
    /// Scopes that suffice besides `api` (and `read_api` for reads).
    pub(crate) also: &'static [&'static str],
    /// Whether a CI job token is a credential here.
    pub(crate) job_token: bool,
    /// Whether anonymous callers may write: runners come with a token of their own.
    pub(crate) open: bool,
    /// Its place in the table; the fallback has none.
    pub(crate) number: Option<usize>,
    pattern: Pattern,
}

impl Route {
    /// As it stands in the table: `/api/v4/projects/:id`.
    pub(crate) fn pattern(&self) -> &str {
        self.pattern.text()
    }

    /// Lets narrower scopes call the route.
    pub(crate) fn also(&mut self, scopes: &'static [&'static str]) -> &mut Self {
        self.also = scopes;
        self
    }

    /// Lets anonymous callers write; the handler asks for a credential of its own.
    pub(crate) fn open(&mut self) -> &mut Self {
        self.open = true;
        self
    }

    /// Lets CI job tokens call the route.
    pub(crate) fn job_token(&mut self) -> &mut Self {
        self.job_token = true;
        self
    }
}

/// What a path leads to.
pub(crate) enum Found<'a> {
    /// A handler.
    Route(&'a Route, PathValues),
    /// The path exists under other methods.
    OtherMethods(Vec<&'static str>),
    /// Nothing.
    Nothing,
}

/// All routes of an instance.
#[derive(Debug)]
pub(crate) struct RouteTable {
    routes: Vec<Route>,
    tree: Tree,
    prefix: &'static str,
    surface: Surface,
    fallback: Option<Route>,
}

impl RouteTable {
    /// An empty table.
    pub(crate) fn new() -> Self {
        Self {
            routes: Vec::new(),
            tree: Tree::default(),
            prefix: "",
            surface: Surface::Web,
            fallback: None,
        }
    }

    /// Routes added from here on lie below `prefix` and belong to `surface`.
    pub(crate) fn below(&mut self, prefix: &'static str, surface: Surface) -> &mut Self {
        self.prefix = prefix;
        self.surface = surface;
        self
    }

    /// `GET` (and with it `HEAD`).
    pub(crate) fn get(&mut self, path: &str, handler: Handler) -> &mut Route {
        self.add("GET", path, handler)
    }

    /// `HEAD` where it differs from `GET`.
    pub(crate) fn head(&mut self, path: &str, handler: Handler) -> &mut Route {
        self.add("HEAD", path, handler)
    }

    /// `POST`.
    pub(crate) fn post(&mut self, path: &str, handler: Handler) -> &mut Route {
        self.add("POST", path, handler)
    }

    /// `PUT`.
    pub(crate) fn put(&mut self, path: &str, handler: Handler) -> &mut Route {
        self.add("PUT", path, handler)
    }

    /// `PATCH`.
    pub(crate) fn patch(&mut self, path: &str, handler: Handler) -> &mut Route {
        self.add("PATCH", path, handler)
    }

    /// `DELETE`.
    pub(crate) fn delete(&mut self, path: &str, handler: Handler) -> &mut Route {
        self.add("DELETE", path, handler)
    }

    /// `OPTIONS`, for pages of other origins.
    pub(crate) fn options(&mut self, path: &str, handler: Handler) -> &mut Route {
        self.add("OPTIONS", path, handler)
    }

    /// What answers reads outside `/api` that no route fits.
    pub(crate) fn fallback(&mut self, handler: Handler) {
        self.fallback = Some(Route {
            method: "GET",
            surface: Surface::Web,
            handler,
            also: &[],
            job_token: false,
            open: false,
            number: None,
            pattern: Pattern::parse("*path"),
        });
    }

    /// The route for a read of a path that no other route fits.
    pub(crate) fn page(&self, path: &str) -> Option<(&Route, PathValues)> {
        let inside = !path.starts_with("/api/") && !path.starts_with("/-/");
        let route = self.fallback.as_ref().filter(|_| inside)?;
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        Some((route, route.pattern.values(&segments)))
    }

    fn add(&mut self, method: &'static str, path: &str, handler: Handler) -> &mut Route {
        let pattern = Pattern::parse(&format!("{}/{path}", self.prefix));
        let at = self.routes.len();
        self.tree.insert(&pattern, at);
        self.routes.push(Route {
            method,
            surface: self.surface,
            handler,
            also: &[],
            job_token: false,
            open: false,
            number: Some(at),
            pattern,
        });
        &mut self.routes[at]
    }

    /// The most specific route for a raw path.
    pub(crate) fn find(&self, method: &str, path: &str) -> Found<'_> {
        // Rails reads several slashes as one, and clients send them.
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let best = |wanted: &str| {
            self.tree.find(&segments, &|at| {
                self.routes.get(at).filter(|route| route.method == wanted)
            })
        };
        let found = best(method).or_else(|| if method == "HEAD" { best("GET") } else { None });
        if let Some(route) = found {
            return Found::Route(route, route.pattern.values(&segments));
        }
        let others = std::cell::RefCell::new(Vec::new());
        self.tree.find::<()>(&segments, &|at| {
            let method = self.routes.get(at).map(|route| route.method);
            others.borrow_mut().extend(method);
            None
        });
        let mut others = others.into_inner();
        others.sort_unstable();
        others.dedup();
        if others.is_empty() {
            Found::Nothing
        } else {
            Found::OtherMethods(others)
        }
    }

    /// How many routes there are.
    pub(crate) fn len(&self) -> usize {
        self.routes.len()
    }

    /// Method and pattern of every route, for listings.
    pub(crate) fn listing(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.routes
            .iter()
            .map(|route| (route.method, route.pattern.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> RouteTable {
        let mut table = RouteTable::new();
        table.below("/api/v4", Surface::Rest);
        table.get("users/:id", |_| Err(ApiError::gone()));
        table.get("users/me", |_| Ok(Answer::no_content()));
        table.get(
            "projects/:id/branches/:branch",
            |_| Ok(Answer::no_content()),
        );
        table.get("projects/:id/artifacts/*path", |_| Ok(Answer::no_content()));
        table
    }

    fn values(path: &str) -> Option<PathValues> {
        match table().find("GET", path) {
            Found::Route(_, values) => Some(values),
            _ => None,
        }
    }

    #[test]
    fn an_encoded_slash_stays_in_its_segment() {
        let found = values("/api/v4/projects/a%2Fb/branches/feature%2Fx").unwrap();
        assert_eq!(found.get("id"), "a/b");
        assert_eq!(found.get("branch"), "feature/x");
        assert!(values("/api/v4/projects/a/b/branches/x").is_none());
    }

    #[test]
    fn a_rest_keeps_its_slashes() {
        let found = values("/api/v4/projects/1/artifacts/log/a%20b.txt").unwrap();
        assert_eq!(found.get("path"), "log/a b.txt");
    }

    #[test]
    fn the_home_page_has_a_path_without_segments() {
        let mut table = RouteTable::new();
        table.get("", |_| Ok(Answer::no_content()));
        assert!(matches!(table.find("GET", "/"), Found::Route(..)));
        assert!(matches!(table.find("GET", "/a"), Found::Nothing));
    }

    #[test]
    fn several_slashes_are_one() {
        assert_eq!(values("/api/v4//users//7").unwrap().get("id"), "7");
    }

    #[test]
    fn words_win_over_parameters() {
        let table = table();
        let Found::Route(route, _) = table.find("HEAD", "/api/v4/users/me") else {
            panic!()
        };
        assert_eq!(route.pattern.text(), "/api/v4/users/me");
        assert!(matches!(
            table.find("GET", "/api/v4/%75sers/%6De"),
            Found::Route(route, _) if route.pattern.text() == "/api/v4/users/me"
        ));
        assert!(matches!(
            table.find("PUT", "/api/v4/users/me"),
            Found::OtherMethods(_)
        ));
    }
}
