//! The table at the end.

use std::io::Write;

/// What was measured, row by row.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<String>,
}

impl Report {
    /// Adds a figure, its budget and its ratio to the bare handler.
    pub(crate) fn row(
        &mut self,
        name: &str,
        figure: f64,
        unit: &str,
        budget: Option<f64>,
        ratio: Option<f64>,
    ) {
        let budget = budget
            .map(|most| format!("≤ {most} {unit}"))
            .unwrap_or_default();
        let ratio = ratio
            .map(|times| format!("{times:.1} × bare"))
            .unwrap_or_default();
        self.rows.push(format!(
            "{name:<56} {figure:>8.1} {unit:<4} {budget:<12} {ratio}"
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
