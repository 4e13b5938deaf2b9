//! Whether two classes of samples come from one distribution: Welch's t-test, once over all samples
//! and once below each of ten percentiles, because the slow tail is noise of the machine.
//! O. Reparaz, J. Balasch and I. Verbauwhede, "Dude, is my code constant time?", DATE 2017.

/// From here on the classes differ, says the paper.
pub(super) const BOUND: f64 = 4.5;
/// How many crops there are.
const CROPS: u32 = 10;

/// Times in nanoseconds of two classes.
#[derive(Debug, Default)]
pub(super) struct Samples {
    classes: [Vec<u32>; 2],
}

impl Samples {
    pub(super) fn add(&mut self, class: usize, nanoseconds: u128) {
        let time = u32::try_from(nanoseconds).unwrap_or(u32::MAX);
        self.classes[class].push(time);
    }

    /// The median of both classes together, in nanoseconds.
    pub(super) fn median(&self) -> u32 {
        let all = self.sorted();
        all[all.len() / 2]
    }

    /// Welch's t of all samples, and below each percentile.
    pub(super) fn ts(&self) -> Vec<f64> {
        let all = self.sorted();
        // The percentiles of the paper: they come closer to each other towards the tail.
        let percentile = |crop: u32| 1.0 - 0.5_f64.powf(10.0 * f64::from(crop) / f64::from(CROPS));
        let place = |crop| percentile(crop) * count(all.len());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between none and all of the samples"
        )]
        let limits = (1..=CROPS).map(|crop| all[(place(crop) as usize).min(all.len() - 1)]);
        std::iter::once(u32::MAX)
            .chain(limits)
            .map(|limit| self.t_below(limit))
            .collect()
    }

    /// The t that is furthest from none.
    pub(super) fn worst(&self) -> f64 {
        let ts = self.ts();
        ts.into_iter().fold(
            0.0,
            |worst: f64, t| {
                if t.abs() > worst.abs() { t } else { worst }
            },
        )
    }

    fn sorted(&self) -> Vec<u32> {
        let mut all = self.classes.concat();
        all.sort_unstable();
        all
    }

    fn t_below(&self, limit: u32) -> f64 {
        let [one, other] = self.classes.each_ref().map(|class| {
            let kept = class.iter().copied().filter(|&time| time <= limit);
            Moments::of(kept.map(f64::from))
        });
        let error = (one.variance / one.number + other.variance / other.number).sqrt();
        let difference = one.mean - other.mean;
        if error > 0.0 { difference / error } else { 0.0 }
    }
}

#[expect(clippy::cast_precision_loss, reason = "far fewer samples than 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}

/// Number, mean and variance.
struct Moments {
    number: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    /// B. P. Welford, "Note on a method for calculating corrected sums of squares and products".
    fn of(samples: impl Iterator<Item = f64>) -> Self {
        let (mut number, mut mean, mut squares) = (0.0_f64, 0.0, 0.0);
        for sample in samples {
            number += 1.0;
            let off = sample - mean;
            mean += off / number;
            squares += off * (sample - mean);
        }
        Self {
            number: number.max(1.0),
            mean,
            variance: squares / (number - 1.0).max(1.0),
        }
    }
}

#[test]
fn t_is_that_of_the_textbook() {
    let mut samples = Samples::default();
    for (class, times) in [[10, 12, 14, 16], [20, 22, 24, 30]].into_iter().enumerate() {
        for time in times {
            samples.add(class, time);
        }
    }
    // Means 13 and 24, variances 20/3 and 56/3: -11 / sqrt(19/3).
    let all = samples.ts()[0];
    assert!((all + 11.0 / (19.0_f64 / 3.0).sqrt()).abs() < 1e-9, "{all}");
}
