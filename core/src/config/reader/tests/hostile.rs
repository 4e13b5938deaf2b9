//! Whatever is in the environment, in the file or on the command line: no panic, no secret shown.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(
        file in "[a-z_\\[\\]\"'=., \n0-9.]{0,120}",
        values in proptest::collection::vec(any::<String>(), ALL.len()),
        arguments in proptest::collection::vec("-{0,3}[a-z=-]{0,12}", 0..6),
    ) {
        let pairs = ALL.iter().map(|setting| setting.variable()).zip(values);
        let sources = Sources::new().variables(pairs).arguments(arguments).file("/c.toml", file);
        if let Ok(mut reader) = Reader::open_with(&sources, &ALL, &[&MACHINES]) {
            read_all(&mut reader);
            print::as_text(&print::effective(&reader));
            drop(reader.finish());
        }
    }

    #[test]
    fn no_row_makes_the_reader_panic(
        rows in proptest::collection::vec("(name|ports|is_spare|key_file|key|odd) = [\\[\\]{}\"0-9a-z=., \n]{0,20}", 0..8),
        header in "\\[{0,2} ?\"?machines\"? ?\\]{0,2}( = \\[)?",
    ) {
        let rows: Vec<String> = rows.iter().map(|row| format!("{header}\n{row}")).collect();
        let mut reader = open(&Sources::new().file("/c.toml", rows.join("\n")));
        read_all(&mut reader);
        print::as_text(&print::effective(&reader));
        drop(reader.finish());
    }

    #[test]
    fn no_text_of_a_secret_is_ever_shown(before in "\\PC{0,20}", after in "[\\PC\n\t]{0,20}") {
        let value = format!("{before}{CANARY}{after}");
        let sources = variables(&[("GITLAB_TOKEN", value.as_str())]);
        let sources = sources.file("/c.toml", format!("token = {value}"));
        let mut reader = open(&sources);
        read_all(&mut reader);
        let shown = format!("{reader:?} {}", print::as_text(&print::effective(&reader)));
        let told = match reader.finish() {
            Ok(warnings) => warnings.iter().map(ToString::to_string).collect(),
            Err(error) => error.to_string(),
        };
        prop_assert!(!shown.contains("canary") && !told.contains("canary"), "{shown} {told}");
    }
}
