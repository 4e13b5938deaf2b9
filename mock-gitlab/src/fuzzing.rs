//! Hostile input without sockets: bytes in, router and handlers run, nothing may panic.

mod requests;

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;

use crate::clock::Clock;
use crate::faults::FaultPlan;
use crate::request::Request;
use crate::server::Shared;
use crate::site::{Plan, Site};
use crate::world::World;

/// After so many inputs the world is made anew, so that it does not grow without end.
const INPUTS_PER_WORLD: u32 = 64;

/// Feeds one request to an instance that has no listener: request line, header lines,
/// an empty line, and the body, as on the wire. Whatever the bytes are, it returns.
///
/// The instance belongs to the thread and forgets everything now and then.
pub fn fuzz(bytes: &[u8]) {
    thread_local! {
        static INSTANCE: RefCell<Instance> = RefCell::new(Instance::new());
    }
    INSTANCE.with_borrow_mut(|instance| instance.feed(bytes));
}

/// A request that is nearly right, as bytes for [`fuzz`]: a route that exists, values that
/// may not. The same number makes the same request.
pub fn fuzz_request(number: u64) -> Vec<u8> {
    thread_local! {
        static ROUTES: Vec<(String, String)> = crate::rest::table()
            .listing()
            .map(|(method, path)| (method.to_owned(), path.to_owned()))
            .collect();
    }
    ROUTES.with(|routes| requests::make(routes, number))
}

struct Instance {
    shared: Arc<Shared>,
    fed: u32,
}

impl Instance {
    fn new() -> Self {
        let site = Site {
            external_url: "http://gitlab.test".to_owned(),
            base_path: String::new(),
            version: "19.5.1-ee".to_owned(),
            plan: Plan::Ultimate,
        };
        let shared = Shared::new(World::company(), Clock::default(), FaultPlan::new(), site);
        Self {
            shared: Arc::new(shared),
            fed: 0,
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.fed += 1;
        if self.fed.is_multiple_of(INPUTS_PER_WORLD) {
            self.shared.reset(&mut self.shared.world());
        }
        if let Some(request) = read(bytes) {
            crate::server::answer_without_wire(&self.shared, request);
        }
    }
}

/// A request as hyper would have read it; none when it would have refused.
fn read(bytes: &[u8]) -> Option<Request> {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next()?).into_owned();
    let mut rest = lines.next().unwrap_or_default();
    let (method, target) = first.trim_end().split_once(' ')?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = Vec::new();
    loop {
        let mut lines = rest.splitn(2, |byte| *byte == b'\n');
        let line = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
        let after = lines.next();
        let line = line.trim_end_matches('\r');
        let Some((name, value)) = line.split_once(':').filter(|_| !line.is_empty()) else {
            rest = after.unwrap_or_default();
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        rest = after?;
    }
    let sound = |text: &str| !text.contains(char::is_whitespace) && !text.contains('\0');
    (sound(method) && path.starts_with('/') && sound(target)).then(|| Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: Bytes::copy_from_slice(rest),
        connection: 1,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        from_loopback: true,
    })
}
