//! The environment as plain strings: no guessed types, and an empty value is an unset one.
//!
//! (figment's own `Env` turns the token `12345` into a number and prints it in its complaint.)

use super::known::Known;
use super::layer::{Layer, Origin};
use super::problem::{Attention, Problem, Source, Warning};
use super::setting::Setting;
use super::sources::Sources;

/// The values the environment gives to the known settings.
pub(super) fn layer(sources: &Sources, known: &Known) -> Layer {
    let mut layer = Layer::new("environment");
    for setting in known.all() {
        let direct = found(sources, setting.names().map(str::to_owned), &mut layer);
        let files = if setting.has_file_form() {
            let names = file_forms(setting).filter(|name| !known.has_name(name));
            found(sources, names, &mut layer)
        } else {
            Vec::new()
        };
        disagreement(&direct, &mut layer);
        disagreement(&files, &mut layer);
        if let (Some((value, _)), Some((file, _))) = (direct.first(), files.first()) {
            layer.problems.push(Problem {
                variable: value.clone(),
                source: Source::Environment,
                text: format!("is set together with {file}; only one of the two may be set"),
            });
        }
        let file_form = direct.is_empty();
        if let Some((name, text)) = direct.into_iter().chain(files).next() {
            let origin = Origin {
                name,
                file_form,
                source: Source::Environment,
            };
            layer.insert(setting.variable(), text.into(), origin);
        }
    }
    layer
}

/// The names under which a secret may be given as a file.
pub(super) fn file_forms(setting: &Setting) -> impl Iterator<Item = String> + use<> {
    setting.names().map(|name| format!("{name}_FILE"))
}

fn found(
    sources: &Sources,
    names: impl Iterator<Item = String>,
    layer: &mut Layer,
) -> Vec<(String, String)> {
    let mut values = Vec::new();
    for name in names {
        match sources.environment.get(&name) {
            Some(Some(text)) if !text.is_empty() => values.push((name, text.to_string())),
            Some(Some(_)) | None => {}
            Some(None) => layer.problems.push(Problem {
                variable: name,
                source: Source::Environment,
                text: "is not valid UTF-8".to_owned(),
            }),
        }
    }
    values
}

fn disagreement(values: &[(String, String)], layer: &mut Layer) {
    let Some(((winner, text), others)) = values.split_first() else {
        return;
    };
    for (name, _) in others.iter().filter(|(_, other)| other != text) {
        layer.warnings.push(Warning {
            attention: Attention::Warn,
            variable: Some(winner.clone()),
            text: format!("{winner} and {name} have different values; {winner} is used"),
        });
    }
}
