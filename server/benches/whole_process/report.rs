//! The table at the end.

use std::io::Write;

/// One line: what was measured, beside its budget and the bare handler.
pub(crate) struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    budget: Option<f64>,
    ratio: Option<f64>,
}

impl Figure {
    /// A figure without budget.
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            budget: None,
            ratio: None,
        }
    }

    /// The most it may be.
    pub(crate) fn at_most(self, budget: f64) -> Self {
        Self {
            budget: Some(budget),
            ..self
        }
    }

    /// How often the bare handler fits in it.
    pub(crate) fn beside(self, bare: f64) -> Self {
        Self {
            ratio: Some(self.value / bare),
            ..self
        }
    }
}

/// What was measured, row by row.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<String>,
}

impl Report {
    /// Adds a figure.
    pub(crate) fn add(&mut self, figure: Figure) {
        let Figure {
            name,
            value,
            unit,
            budget,
            ratio,
        } = figure;
        let budget = budget
            .map(|most| format!("≤ {most} {unit}"))
            .unwrap_or_default();
        let ratio = ratio
            .map(|times| format!("{times:.1} × bare"))
            .unwrap_or_default();
        self.rows.push(format!(
            "{name:<56} {value:>8.1} {unit:<4} {budget:<12} {ratio}"
        ));
    }

    /// Prints everything.
    pub(crate) fn print(&self) {
        let mut out = std::io::stdout().lock();
        for row in &self.rows {
            writeln!(out, "{row}").unwrap();
        }
    }
}
