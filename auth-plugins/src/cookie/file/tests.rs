//! Hostile and honest cookie files, as tables.

use super::*;

/// 2026-01-01.
const NOW: i64 = 1_767_225_600;

fn parse(text: impl AsRef<[u8]>) -> Content {
    Content::parse(text.as_ref(), NOW)
}

/// An honest line with this domain and value.
fn line(domain: &str, value: &str) -> String {
    format!("{domain}\tFALSE\t/\tFALSE\t0\tname\t{value}")
}

#[test]
fn usable_lines_are_used_and_the_others_are_told_by_number() {
    let cases: &[(&str, &[u8], usize, &[usize])] = &[
        ("nothing", b"", 0, &[]),
        ("only remarks", b"# Netscape HTTP Cookie File\n\n# more\n", 0, &[]),
        ("one", b"a.example\tFALSE\t/\tFALSE\t0\tn\tv\n", 1, &[]),
        ("no end, as Python writes it", b"a.example\tFALSE\t/\tFALSE\t\tn\tv\n", 1, &[]),
        ("HttpOnly", b"#HttpOnly_a.example\tFALSE\t/\tTRUE\t0\t__Host-n\tv\n", 1, &[]),
        ("HttpOnly without a line", b"#HttpOnly_\n", 0, &[]),
        ("no final line break", b"a.example\tFALSE\t/\tFALSE\t0\tn\tv", 1, &[]),
        ("CRLF", b"# x\r\n\r\na.example\tFALSE\t/\tFALSE\t0\tn\tv\r\n", 1, &[]),
        ("byte order mark", b"\xef\xbb\xbfa.example\tFALSE\t/\tFALSE\t0\tn\tv\n", 1, &[]),
        ("more columns", b"a.example\tFALSE\t/\tFALSE\t0\tn\tv\tx\ty\n", 1, &[]),
        ("an empty value", b"a.example\tFALSE\t/\tFALSE\t0\tn\t\n", 1, &[]),
        ("flags in small letters", b"a.example\ttrue\t/\tfalse\t0\tn\tv\n", 1, &[]),
        ("other letters", "a.example\tFALSE\t/\tFALSE\t0\tn\tgrün\n".as_bytes(), 1, &[]),
        ("an address", b"127.0.0.1\tFALSE\t/\tFALSE\t0\tn\tv\n", 1, &[]),
        ("an address of version 6", b"[::1]\tFALSE\t/\tFALSE\t0\tn\tv\n", 1, &[]),
        ("blanks between", b"a.example FALSE / FALSE 0 n v\n", 0, &[1]),
        ("six columns", b"# x\na.example\tFALSE\t/\tFALSE\t0\tn\n", 0, &[2]),
        ("no flag", b"a.example\tmaybe\t/\tFALSE\t0\tn\tv\n", 0, &[1]),
        ("no path", b"a.example\tFALSE\t\tFALSE\t0\tn\tv\n", 0, &[1]),
        ("no number", b"a.example\tFALSE\t/\tFALSE\tsoon\tn\tv\n", 0, &[1]),
        ("a huge number", b"a.example\tFALSE\t/\tFALSE\t99999999999999999999\tn\tv\n", 0, &[1]),
        ("no name", b"a.example\tFALSE\t/\tFALSE\t0\t\tv\n", 0, &[1]),
        ("a name that is two", b"a.example\tFALSE\t/\tFALSE\t0\ta=b\tv\n", 0, &[1]),
        ("no domain", b"\tFALSE\t/\tFALSE\t0\tn\tv\n", 0, &[1]),
        ("a domain with a slash", b"a/b\tFALSE\t/\tFALSE\t0\tn\tv\n", 0, &[1]),
        ("a carriage return inside", b"a.example\tFALSE\t/\tFALSE\t0\tn\tv\rX-Evil: 1\n", 0, &[1]),
        ("NUL", b"a.example\tFALSE\t/\tFALSE\t0\tn\tv\0\n", 0, &[1]),
        ("DEL", b"a.example\tFALSE\t/\tFALSE\t0\tn\tv\x7f\n", 0, &[1]),
        ("no UTF-8", b"a.example\tFALSE\t/\tFALSE\t0\tn\t\xff\xfe\n", 0, &[1]),
        ("a second cookie in the value", b"a.example\tFALSE\t/\tFALSE\t0\tn\tv; b=c\n", 0, &[1]),
        (
            "a line break in the value",
            b"a.example\tFALSE\t/\tFALSE\t0\tn\tv\nX-Evil: 1\na.example\tFALSE\t/\tFALSE\t0\tm\tw\n",
            2,
            &[2],
        ),
        ("old Macintosh", b"a\tFALSE\t/\tFALSE\t0\tn\tv\rb\tFALSE\t/\tFALSE\t0\tn\tv\r", 0, &[1]),
    ];
    for (what, text, cookies, bad_lines) in cases {
        let content = parse(text);
        assert_eq!(content.cookies.len(), *cookies, "{what}");
        assert_eq!(content.bad_lines, *bad_lines, "{what}");
        assert_eq!(content.bad, bad_lines.len(), "{what}");
    }
}

#[test]
fn what_has_expired_is_counted_and_left_out() {
    for (expires, cookies, expired) in [
        ("0", 1, 0),
        ("1767225601", 1, 0),
        ("1767225600", 0, 1),
        ("1", 0, 1),
        ("-1", 0, 1),
    ] {
        let content = parse(format!("a.example\tFALSE\t/\tFALSE\t{expires}\tn\tv\n"));
        assert_eq!(
            (content.cookies.len(), content.expired),
            (cookies, expired),
            "{expires}"
        );
    }
}

#[test]
fn a_file_of_bad_lines_shows_the_first_numbers_and_counts_all() {
    let content = parse("x\n".repeat(1000));
    assert_eq!(content.bad, 1000);
    assert_eq!(content.bad_lines, (1..=20).collect::<Vec<_>>());
}

#[test]
fn a_file_that_may_be_half_written_is_told_from_a_whole_one() {
    let good = line("a.example", "v");
    for (text, whole, cut) in [
        (format!("{good}\n"), true, false),
        (format!("{good}\n{good}\n"), true, false),
        (format!("{good}\n{good}"), false, false),
        (format!("{good}\na.example\tFAL"), false, true),
        (format!("{good}\na.example\tFAL\n"), false, false),
        (format!("{good}\n# a rem"), false, false),
        ("# Netscape HTTP Cookie File\n".to_owned(), false, false),
        (String::new(), false, false),
    ] {
        let content = parse(&text);
        assert_eq!(
            (content.is_whole(), content.is_cut),
            (whole, cut),
            "{text:?}"
        );
    }
}

#[test]
fn nothing_that_is_printed_holds_a_value_or_a_name() {
    let content = parse("a.example\tFALSE\t/\tFALSE\t0\tcanary-name\tcanary-value\ncanary\n");
    let text = format!("{content:?}");
    assert!(text.contains("CookiePair"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

#[test]
fn what_is_no_small_file_is_refused() {
    let folder = std::env::temp_dir();
    assert!(matches!(
        CookieFile::new(folder.clone()).read(NOW),
        Err(FileError::NotAFile)
    ));
    let missing = CookieFile::new(folder.join("gitlab-mcp-no-such-file"));
    assert!(matches!(missing.read(NOW), Err(FileError::Missing)));

    let name = gitlab_mcp_core::random::token(&gitlab_mcp_core::random::OsRandom, 12);
    let path = folder.join(format!("gitlab-mcp-cookies-{name}"));
    let file = CookieFile::new(path.clone());
    let good = line("a.example", "v") + "\n";
    for (bytes, fits) in [
        (1024 * 1024, true),
        (1024 * 1024 + 1, false),
        (10 * 1024 * 1024, false),
    ] {
        let filling = "#".repeat(bytes - good.len() - 1);
        fs::write(&path, format!("{good}{filling}\n")).unwrap();
        match file.read(NOW) {
            Ok((_, content)) => assert!(fits && content.cookies.len() == 1, "{bytes}"),
            Err(error) => assert!(!fits && error == FileError::TooLarge, "{bytes} {error}"),
        }
    }
    fs::remove_file(path).unwrap();
}
