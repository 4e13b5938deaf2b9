//! What a person is told about a login that is shorter than others.

use super::consent::count;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// GitLab's token cannot be renewed (RFC 6749 section 1.5 leaves refresh tokens to the server): when
/// the person has to sign in again. `left` is in seconds, `ends` in Unix seconds.
pub(crate) fn short_login(left: u64, ends: u64) -> String {
    let (number, unit) = match left {
        0..HOUR => (left.div_ceil(MINUTE), "minute"),
        HOUR..DAY => ((left + HOUR / 2) / HOUR, "hour"),
        _ => ((left + DAY / 2) / DAY, "day"),
    };
    let about = count(number, unit);
    let (hour, minute) = (ends % DAY / HOUR, ends % HOUR / MINUTE);
    format!(
        "GitLab gave no refresh token, so you will be asked to sign in again in about {about}, at \
         {hour:02}:{minute:02} UTC."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_is_told_in_words() {
        // 13:46:40 of a day.
        let now = 1_000_000_000 + 12 * HOUR;
        for (left, told) in [
            (1, "1 minute, at 13:46 UTC."),
            (59 * MINUTE + 1, "60 minutes, at 14:45 UTC."),
            (2 * HOUR - 5, "2 hours, at 15:46 UTC."),
            (25 * HOUR, "1 day, at 14:46 UTC."),
            (7 * DAY, "7 days, at 13:46 UTC."),
        ] {
            let text = short_login(left, now + left);
            assert!(text.ends_with(told), "{left}: {text}");
        }
    }
}
