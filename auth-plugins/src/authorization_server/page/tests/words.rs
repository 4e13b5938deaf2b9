//! What the pages say and send.

use super::*;

fn value<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = html.split_once(&format!("name=\"{name}\" value=\""))?;
    Some(rest.split_once('"')?.0)
}

#[test]
fn every_page_is_a_document_with_one_heading_and_a_language() {
    for (name, page) in all_pages() {
        assert_eq!(page.html.matches("<h1").count(), 1, "{name}");
        assert_eq!(page.html.matches("<main>").count(), 1, "{name}");
        assert_eq!(page.html.matches(" lang=\"en\"").count(), 1, "{name}");
        assert_eq!(page.html.matches("<title>").count(), 1, "{name}");
    }
}

#[test]
fn the_consent_page_says_who_asks_for_what_at_which_gitlab_and_where_the_answer_goes() {
    let html = consent(&nonce(), &a_consent()).html;
    let text = text_of(&html);
    for part in [
        "Editor",
        "unverified",
        "gitlab.example.com",
        "client.example",
        URI,
        "Read and change everything you can in GitLab",
        "scope api",
        "Scope ai_workflows",
        "for 30 days",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(value(&html, "tx"), Some("sealed-request"));
    assert_eq!(value(&html, "csrf"), Some("csrf-value"));
    assert_eq!(value(&html, "decision"), Some("approve"));
    assert!(html.contains("value=\"cancel\">Cancel</button>"));
    assert!(html.contains("<form method=\"post\" action=\"/consent\">"));
    assert!(!html.contains("<script"), "consent needs no script");
}

#[test]
fn a_published_client_is_shown_by_the_host_that_publishes_it() {
    let view = Consent {
        vouched_by: Voucher::Host("tools.example"),
        ..a_consent()
    };
    let text = text_of(&consent(&nonce(), &view).html);
    assert!(text.contains("A program of tools.example, which calls itself Editor."));
    assert!(!text.contains("unverified"));
}

#[test]
fn a_client_of_the_operator_is_not_called_unverified() {
    let view = Consent {
        vouched_by: Voucher::Operator,
        ..a_consent()
    };
    let text = text_of(&consent(&nonce(), &view).html);
    assert!(text.contains("Editor, which the people who run this server have set up."));
    assert!(!text.contains("unverified"));
}

#[test]
fn scopes_are_told_in_words() {
    for (scope, words) in [
        (
            "api",
            "Read and change everything you can in GitLab (scope api)",
        ),
        (
            "read_api",
            "Read everything you can see in GitLab (scope read_api)",
        ),
        ("read_user", "See your profile (scope read_user)"),
        ("sudo", "Scope sudo"),
    ] {
        let scopes = [scope.to_owned()];
        let view = Consent {
            scopes: &scopes,
            ..a_consent()
        };
        let text = text_of(&consent(&nonce(), &view).html);
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn each_sort_of_destination_has_its_warning() {
    for (kind, warning) in [
        (Some(RedirectKind::Site), None),
        (
            Some(RedirectKind::Loopback),
            Some("Any program that runs on this computer"),
        ),
        (
            Some(RedirectKind::PrivateScheme),
            Some("Any app on this device"),
        ),
        (None, Some("Give the code only to the program")),
    ] {
        let redirect = kind.map(|kind| Redirect { kind, ..to_site() });
        let view = Consent {
            redirect,
            ..a_consent()
        };
        let text = text_of(&consent(&nonce(), &view).html);
        assert_eq!(text.contains("Take care."), warning.is_some(), "{kind:?}");
        assert!(warning.is_none_or(|one| text.contains(one)), "{kind:?}");
        let shows_a_code = text.contains("A code will be shown in this window");
        assert_eq!(shows_a_code, kind.is_none());
    }
}

#[test]
fn the_box_for_remembering_is_there_only_when_it_is_offered() {
    for (days, words) in [
        (None, None),
        (Some(1), Some("1 day")),
        (Some(7), Some("7 days")),
    ] {
        let view = Consent {
            remember_days: days,
            ..a_consent()
        };
        let html = consent(&nonce(), &view).html;
        assert_eq!(html.contains("name=\"remember\""), days.is_some());
        assert!(words.is_none_or(|words| html.contains(words)));
        assert!(!html.contains(" checked"));
    }
}

#[test]
fn the_user_code_is_the_one_gitlab_sent() {
    for code in [
        "0A44L90H",
        "WDJB-MJHT",
        "abcd",
        "ABCDEFGHI",
        "ÄBCDEFG",
        "<b>x</b>",
    ] {
        let view = Device {
            user_code: code,
            ..a_device()
        };
        let html = device_waiting(&nonce(), &view).html;
        let (_, rest) = html.split_once("id=\"user-code\">").unwrap();
        let shown = text_of(rest.split_once("</code>").unwrap().0);
        let shown = shown.replace("&lt;", "<").replace("&gt;", ">");
        assert_eq!(shown, code);
    }
}

#[test]
fn the_waiting_page_gives_the_script_its_values_as_data() {
    let html = device_waiting(&nonce(), &a_device()).html;
    for part in [
        "data-poll=\"/oauth/poll\"",
        "data-flow=\"flow-state\"",
        "data-interval=\"5\"",
        "data-remaining=\"292\"",
        "Time left: <span id=\"left\">4 minutes 52 seconds</span>",
        "target=\"_blank\" rel=\"noopener noreferrer\"",
        "<form method=\"get\" action=\"/oauth/device\">",
        "href=\"/authorize?client_id=1&amp;scope=api\">Try again</a>",
        "connect to the VPN",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(value(&html, "flow_state"), Some("flow-state"));
    let view = Device {
        needs_vpn_hint: false,
        ..a_device()
    };
    assert!(!device_waiting(&nonce(), &view).html.contains("VPN"));
}

#[test]
fn the_link_with_the_code_is_preferred() {
    let complete = "https://gitlab.example.com/oauth/device?user_code=0A44L90H";
    let html = device_waiting(&nonce(), &a_device()).html;
    assert!(addresses(&html).contains(&complete.to_owned()));
    let view = Device {
        verification_uri_complete: Some("javascript:alert(1)"),
        ..a_device()
    };
    let found = addresses(&device_waiting(&nonce(), &view).html);
    assert!(found.contains(&"https://gitlab.example.com/oauth/device".to_owned()));
}

#[test]
fn times_are_told_in_minutes_and_seconds() {
    for (seconds, words) in [
        (0, "0 seconds"),
        (1, "1 second"),
        (60, "1 minute"),
        (61, "1 minute 1 second"),
        (900, "15 minutes"),
        (3_599, "59 minutes 59 seconds"),
    ] {
        let view = Device {
            remaining_seconds: seconds,
            ..a_device()
        };
        let html = device_waiting(&nonce(), &view).html;
        assert!(html.contains(&format!("<span id=\"left\">{words}</span>")));
    }
}

#[test]
fn every_end_of_a_device_flow_has_its_status_and_a_way_on() {
    for (end, status, words) in [
        (DeviceEnd::Denied, 403, "was denied at GitLab"),
        (DeviceEnd::Expired, 400, "no longer valid"),
        (DeviceEnd::OtherBrowser, 403, "another browser"),
        (DeviceEnd::Failed, 502, "did not let the sign-in go on"),
    ] {
        let mut view = DeviceFailed {
            end,
            description: Some("More."),
            retry_url: Some("/authorize?client_id=1"),
        };
        let page = device_failed(&nonce(), &view);
        assert_eq!(page.status, status, "{end:?}");
        let text = text_of(&page.html);
        assert!(text.contains(words) && text.contains("More."), "{text}");
        assert!(text.contains("Try again"));
        // The waiting page holds the same words for its script.
        let waiting = device_waiting(&nonce(), &a_device()).html;
        assert!(waiting.contains(words));
        view.retry_url = None;
        assert!(!device_failed(&nonce(), &view).html.contains("href="));
    }
}

#[test]
fn the_code_for_the_program_stands_alone_in_its_element() {
    let view = DeviceCode {
        client_name: "Editor",
        code: "gmac_0123-_",
        notice: None,
    };
    let html = device_complete(&nonce(), &view).html;
    assert!(html.contains("<code class=\"all\" id=\"code\">gmac_0123-_</code>"));
    assert!(text_of(&html).contains("works once"));
}

#[test]
fn the_way_back_goes_on_by_itself_and_by_hand() {
    let html = client_return(&nonce(), &a_return()).html;
    let location = "com.example.editor://auth/done?code=c&amp;state=s";
    assert!(html.contains(&format!(
        "http-equiv=\"refresh\" content=\"0;url={location}\""
    )));
    assert!(html.contains(&format!("href=\"{location}\"")));
    let view = ClientReturn {
        outcome: Outcome::Refused,
        ..a_return()
    };
    assert!(text_of(&client_return(&nonce(), &view).html).contains("You are not signed in"));
    let view = ClientReturn {
        location: "javascript:alert(1)",
        ..a_return()
    };
    let html = client_return(&nonce(), &view).html;
    assert!(!html.contains("http-equiv=\"refresh\"") && !html.contains("href="));
    assert!(text_of(&html).contains("switch to the program yourself"));
}

#[test]
fn the_way_to_gitlab_goes_on_by_itself_and_by_hand() {
    let html = continue_to_gitlab(&nonce(), "gitlab.example.com", AUTHORIZE).html;
    let location = AUTHORIZE.replace('&', "&amp;");
    assert!(html.contains(&format!(
        "http-equiv=\"refresh\" content=\"0;url={location}\""
    )));
    assert!(html.contains(&format!("href=\"{location}\"")));
    assert!(text_of(&html).contains("Sign in at gitlab.example.com."));
    let html = continue_to_gitlab(&nonce(), "gitlab.example.com", "cursor://x/y").html;
    assert!(!html.contains("http-equiv=\"refresh\"") && !html.contains("href="));
}

#[test]
fn every_problem_says_what_happened_why_and_what_to_do() {
    for view in all_problems() {
        let page = problem(&nonce(), &view);
        assert_eq!(page.status, view.status);
        let text = text_of(&page.html);
        for part in [view.title, &view.what, &view.why, &view.next, view.error] {
            let part = part.replace('"', "&quot;");
            assert!(!part.is_empty() && text.contains(&part), "{part}: {text}");
        }
        assert_eq!(
            page.html.contains("Try again</a>"),
            view.retry_url.is_some()
        );
    }
}

#[test]
fn problems_have_the_status_of_their_cause() {
    let cases = [
        (Problem::unknown_client(), 400, "invalid_client"),
        (Problem::redirect_uri("has a fragment"), 400, "redirect_uri"),
        (Problem::unknown_state(), 400, "Unknown or expired state"),
        (Problem::already_finished(), 400, "Unknown or expired state"),
        (Problem::already_finished(), 400, "already finished"),
        (Problem::other_browser(), 403, "access_denied"),
        (Problem::stale_form(), 403, "nothing was changed"),
        (Problem::gitlab_unreachable("git.example"), 503, "VPN"),
        (
            Problem::gitlab_unreachable("git.example"),
            503,
            "git.example",
        ),
        (Problem::store_unavailable(), 503, "temporarily_unavailable"),
        (Problem::request_too_long(), 400, "too long for this server"),
    ];
    for (view, status, words) in cases {
        let page = problem(&nonce(), &view);
        assert_eq!(page.status, status);
        assert!(text_of(&page.html).contains(words), "{words}");
        assert_eq!(page.retry_after.is_some(), status == 503);
    }
}
