//! The command line: `--name=value`, `--name value`, and bare `--name` for a switch.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::known::Known;
use super::layer::{Layer, Origin};
use super::parse;
use super::problem::{Attention, Source, UsageError, Warning};
use super::setting::Setting;
use super::show;
use super::unknown;

type Arguments = [Option<Zeroizing<String>>];

/// The spelling of a flag: its place in the setting's list, itself, and the value it brings.
type Given = (usize, String, String);

/// The values of the flags, and the words that belong to no flag.
pub(super) fn layer(
    arguments: &Arguments,
    known: &Known,
) -> Result<(Layer, Vec<String>), UsageError> {
    let arguments = texts(arguments)?;
    let mut words = Vec::new();
    let mut given: BTreeMap<&'static str, (&'static Setting, Vec<Given>)> = BTreeMap::new();
    let mut rest = arguments.iter().copied().peekable();
    while let Some(argument) = rest.next() {
        if !argument.starts_with('-') || argument == "-" {
            words.push(argument.to_owned());
            continue;
        }
        let (flag, inline) = match argument.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (argument, None),
        };
        let Some((setting, place)) = known.by_flag(flag) else {
            return Err(unknown_flag(flag, known));
        };
        let value = match inline {
            Some(value) => value,
            None if setting.is_switch() => rest
                .next_if(|next| parse::boolean(next).is_ok())
                .unwrap_or("true"),
            None => rest
                .next_if(|next| !next.starts_with("--"))
                .ok_or_else(|| UsageError::MissingValue {
                    flag: flag.to_owned(),
                })?,
        };
        if !value.is_empty() {
            let (_, values) = given
                .entry(setting.variable())
                .or_insert((setting, Vec::new()));
            values.push((place, flag.to_owned(), value.to_owned()));
        }
    }
    let mut layer = Layer::new("flag");
    for (setting, values) in given.into_values() {
        choose(setting, &values, &mut layer);
    }
    Ok((layer, words))
}

fn texts(arguments: &Arguments) -> Result<Vec<&str>, UsageError> {
    let texts = arguments
        .iter()
        .enumerate()
        .map(|(index, argument)| match argument {
            Some(text) => Ok(text.as_str()),
            None => Err(UsageError::NotUtf8 {
                position: index.saturating_add(1),
            }),
        });
    texts.collect()
}

fn unknown_flag(flag: &str, known: &Known) -> UsageError {
    let flags: Vec<String> = known.all().flat_map(Setting::flags).collect();
    let nearest = unknown::nearest(flag, flags.iter().map(String::as_str)).map(str::to_owned);
    UsageError::UnknownFlag {
        flag: show::escaped(flag),
        nearest,
    }
}

/// The preferred spelling wins; of one spelling given twice, the last value does.
fn choose(setting: &Setting, values: &[Given], layer: &mut Layer) {
    let Some(best) = values.iter().map(|(place, ..)| *place).min() else {
        return;
    };
    let winner = values
        .iter()
        .rev()
        .find(|(place, ..)| *place == best)
        .cloned();
    let Some((_, flag, text)) = winner else {
        return;
    };
    let other = values
        .iter()
        .find(|(place, _, other)| *place != best && *other != text);
    if let Some((_, other, _)) = other {
        warn(
            layer,
            setting,
            format!("{flag} and {other} have different values; {flag} is used"),
        );
    }
    if setting.is_secret() {
        let text = format!("{flag} puts a secret where the process list shows it");
        warn(layer, setting, text);
    }
    let name = setting.variable().to_owned();
    let origin = Origin {
        name,
        file_form: false,
        source: Source::Flag,
    };
    layer.insert(setting.variable(), text.into(), origin);
}

fn warn(layer: &mut Layer, setting: &Setting, text: String) {
    let variable = Some(setting.variable().to_owned());
    layer.warnings.push(Warning {
        attention: Attention::Warn,
        variable,
        text,
    });
}
