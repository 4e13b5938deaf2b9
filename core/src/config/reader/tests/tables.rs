//! Tables of the file: rows, the lines of their mistakes, and what is shown of them.

use super::*;

fn file(text: &str) -> Reader {
    open(&Sources::new().file("/c.toml", text))
}

#[test]
fn rows_come_in_the_order_of_the_file_with_native_and_text_forms() {
    let key = temporary("canary-Zq7-secret\n");
    let text = format!(
        "port = 80\n\n[[machines]]\nname = \"a\"\nports = [1, 2]\nis_spare = true\nkey_file = '{}'\n\n\
         [[machines]]\nname = 7\nports = \"3, 4\"\nis_spare = \"yes\"\n\n[[ \"machines\" ]]\nname = \"\"\n",
        key.display()
    );
    let one_line = "machines = [{ name = \"a\" }, { ports = [5] }]\nport = 80\n";
    let mut reader = file(&text);
    assert!(reader.has_rows(&MACHINES));
    assert_eq!(reader.integer(&PORT), 80);
    let rows = reader.rows(&MACHINES, |row| {
        let (name, ports, is_spare, key) = machine(row);
        (name, ports.join(" "), is_spare, key.is_some())
    });
    let expected = [
        (Some("a".to_owned()), "1 2".to_owned(), true, true),
        (Some("7".to_owned()), "3 4".to_owned(), true, false),
        (None, String::new(), false, false),
    ];
    assert_eq!(rows, expected);
    assert_eq!(warnings(reader), [""; 0]);
    let mut reader = file(one_line);
    let ports = reader.rows(&MACHINES, |row| row.list(&PORTS));
    assert_eq!(ports, [vec![], vec!["5".to_owned()]]);
    for none in ["", "machines = []", "port = 80"] {
        let mut reader = file(none);
        assert!(!reader.has_rows(&MACHINES));
        assert!(reader.rows(&MACHINES, |_| ()).is_empty());
        assert_eq!(problems(reader), [""; 0]);
    }
    fs::remove_file(key).unwrap();
}

/// A file, and what is told about it.
type Case = (&'static str, &'static [&'static str]);

const MISTAKES: &[Case] = &[
    (
        "[[machines]]\nfoo = 1\n[[machines]]\nport = [1]",
        &[
            "machines[1].foo (file /c.toml:2): unknown field",
            "machines[2].port (file /c.toml:4): unknown field, did you mean ports?",
        ],
    ),
    (
        "[[machines]]\n\n[[machines]]\nname = [\"a\"]\nis_spare = \"perhaps\"\nports = 1.5",
        &[
            "machines[2].ports (file /c.toml:6): expected text, a whole number, true, false or a list \
             of these",
            "machines[2].name (file /c.toml:4): expected one value, not a list",
            "machines[2].is_spare (file /c.toml:5): expected true/1/yes/on or false/0/no/off (got \
             \"perhaps\")",
        ],
    ),
    (
        "[[machines]]\nname = \"a\"\n[machines.ports]\nx = 1",
        &[
            "machines[1].ports (file /c.toml:1): expected text, a whole number, true, false or a list of \
           these",
        ],
    ),
    (
        "[[machines]]\nkey_file = \"/nonexistent/key\"",
        &[
            "machines[1].key_file (file /c.toml:2): /nonexistent/key cannot be read (entity not found)",
        ],
    ),
    (
        "[[machines]]\nkey = \"canary-Zq7-secret\"",
        &[
            "machines[1].key (file /c.toml:2): a secret does not stand here: key_file names the file that \
           holds it",
        ],
    ),
    (
        "port = 1\n[machines]\nname = \"a\"",
        &["machines (file /c.toml:2): expected rows that begin with [[machines]]"],
    ),
    (
        "machines = [1]",
        &["machines[1] (file /c.toml:1): expected a row that begins with [[machines]]"],
    ),
    (
        "[[machine]]\nname = \"a\"",
        &["machine (file /c.toml:1): unknown key, did you mean machines?"],
    ),
    (
        "machines = [{ name = \"a\", \"o\\nd\\u001bd\" = 1 }]",
        &["machines[1].o\\nd\\u{1b}d (file /c.toml:1): unknown field"],
    ),
];

#[test]
fn a_mistake_in_a_row_is_told_with_the_row_the_field_and_the_line() {
    for (text, expected) in MISTAKES {
        let mut reader = file(text);
        reader.rows(&MACHINES, |row| drop(machine(row)));
        assert_eq!(problems(reader), *expected, "{text}");
    }
}

#[test]
fn what_a_row_lacks_is_missing_where_the_row_begins() {
    let mut reader = file("[[machines]]\nname = \"a\"\n\n[[machines]]\nports = [1]\n");
    reader.rows(&MACHINES, |row| {
        if !row.is_set(&MACHINE) {
            row.problem(&MACHINE, "is required");
        }
        if !row.is_set(&KEY) {
            row.conflict(&[&PORTS, &KEY], "belong together");
            row.warn_about(&KEY, "is missing");
        }
    });
    let told = [
        "machines[1].ports, machines[1].key_file (file /c.toml:1): belong together",
        "machines[2].name (file /c.toml:4): is required",
        "machines[2].ports, machines[2].key_file (file /c.toml:5): belong together",
    ];
    assert_eq!(problems(reader), told);
}

#[test]
fn rows_are_printed_field_by_field_without_secrets() {
    let key = temporary(CANARY);
    let text = format!(
        "[[machines]]\nname = \"a\"\nkey_file = '{}'\n[[machines]]\nis_spare = true",
        key.display()
    );
    let rows = print::effective(&file(&text));
    let own = rows
        .iter()
        .filter(|row| row.variable.starts_with("machines"));
    let own: Vec<String> = print::as_text(&own.cloned().collect::<Vec<_>>())
        .lines()
        .map(str::to_owned)
        .collect();
    let expected = [
        "machines[1].name = a (file /c.toml:2)",
        "machines[1].ports = unset (default)",
        "machines[1].is_spare = false (default)",
        "machines[1].key_file = set (file /c.toml:3)",
        "machines[2].name = unset (default)",
        "machines[2].ports = unset (default)",
        "machines[2].is_spare = true (file /c.toml:5)",
        "machines[2].key_file = unset (default)",
    ];
    assert_eq!(own, expected);
    let json = print::as_json(&rows);
    assert_eq!(json["machines[1].name"]["value"], "a");
    assert!(!json.to_string().contains("canary"), "{json}");
    let none = print::as_text(&print::effective(&file("")));
    assert!(none.ends_with("machines = unset (default)\n"), "{none}");
    fs::remove_file(key).unwrap();
}

#[test]
fn rows_of_a_table_that_nobody_declared_are_reported() {
    let mut reader = Reader::open(&Sources::new(), &[]).unwrap();
    assert!(reader.rows(&MACHINES, |_| ()).is_empty());
    let text = "machines (default): is read by a section that does not declare it";
    assert_eq!(problems(reader), [text]);
}
