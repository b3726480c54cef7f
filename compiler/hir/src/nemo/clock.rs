//! Dates and times as NEMO writes them: `18:00`, `18:00:30`, `2026-11-26`, `2026-11-26 18:00:00` (or with a comma).

/// A point in time, or one that comes every day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Moment {
    /// Seconds since midnight, of any day.
    OfDay(u32),
    /// All of a day: the seconds since the beginning of the calendar at which it begins.
    Day(u64),
    /// Seconds since the beginning of the calendar.
    Instant(u64),
}

/// The seconds of a day.
pub(crate) const DAY: u64 = 24 * 60 * 60;

/// Whether a text has the form of a date or a time, right or wrong.
pub(crate) fn looks_like_moment(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit());
    let date = |text: &str| text.split('-').count() == 3 && text.split('-').all(digits) && text.len() >= 8;
    let time =
        |text: &str| (2..=3).contains(&text.split(':').count()) && text.split(':').all(|p| digits(p) && p.len() <= 2);
    match split(text) {
        Some((day, rest)) => date(day) && time(rest),
        None => date(text) || time(text),
    }
}

/// `2026-11-26 18:00` in its two halves.
fn split(text: &str) -> Option<(&str, &str)> {
    let (day, rest) = text.split_once([' ', ',', 'T'])?;
    Some((day, rest.trim_start()))
}

/// Reads a date, a time, or both.
///
/// # Errors
/// What is wrong with it, as in `there is no February 30`.
pub(crate) fn moment(text: &str) -> Result<Moment, String> {
    match split(text) {
        Some((day, rest)) => Ok(Moment::Instant(date(day)? + u64::from(time(rest)?))),
        None if text.contains('-') => date(text).map(Moment::Day),
        None => time(text).map(Moment::OfDay),
    }
}

fn time(text: &str) -> Result<u32, String> {
    let parts: Vec<u32> = text.split(':').map_while(|part| part.parse().ok()).collect();
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] => (*hour, *minute, 0),
        [hour, minute, second] => (*hour, *minute, *second),
        _ => return Err(format!("`{text}` is not a time of day, as `18:00` or `18:00:00` is")),
    };
    match (hour, minute, second) {
        // The end of the day, as ISO 8601 has it.
        (24, 0, 0) => Ok(DAY as u32),
        (24.., _, _) => Err(format!("the day has no hour {hour}")),
        (_, 60.., _) => Err(format!("an hour has no minute {minute}")),
        (_, _, 60..) => Err(format!("a minute has no second {second}")),
        _ => Ok(hour * 3600 + minute * 60 + second),
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn date(text: &str) -> Result<u64, String> {
    let parts: Vec<u64> = text.split('-').map_while(|part| part.parse().ok()).collect();
    let &[year, month, day] = parts.as_slice() else {
        return Err(format!("`{text}` is not a date, as `2026-11-26` is"));
    };
    let Some(name) = month.checked_sub(1).and_then(|month| MONTHS.get(month as usize)) else {
        return Err(format!("the year has no month {month}"));
    };
    if day == 0 || day > days(year, month) {
        let which = if month == 2 && day == 29 { format!(" in {year}") } else { String::new() };
        return Err(format!("there is no {name} {day}{which}"));
    }
    let months: u64 = (1..month).map(|month| days(year, month)).sum();
    Ok((days_before(year) + months + day - 1) * DAY)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days of all years before this one.
fn days_before(year: u64) -> u64 {
    let before = year.saturating_sub(1);
    let leap = before / 4 - before / 100 + before / 400;
    year * 365 + leap
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_kept() {
        assert_eq!(moment("18:00"), Ok(Moment::OfDay(64_800)));
        assert_eq!(moment("9:05:07"), Ok(Moment::OfDay(32_707)));
        assert_eq!(moment("24:00"), Ok(Moment::OfDay(86_400)));
        let day = |text| if let Ok(Moment::Day(day)) = moment(text) { day / DAY } else { panic!("{text}") };
        assert_eq!(day("2024-03-01") - day("2024-02-28"), 2);
        assert_eq!(day("2026-03-01") - day("2026-02-28"), 1);
        assert_eq!(day("2001-01-01") - day("2000-12-31"), 1);
        assert_eq!(day("2000-01-01") - day("1900-01-01"), 36_524);
        assert_eq!(moment("2026-11-26,18:00:00"), moment("2026-11-26 18:00"));
        for wrong in ["2026-02-30", "2026-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "25:00"] {
            assert!(looks_like_moment(wrong) && moment(wrong).is_err(), "{wrong}");
        }
        for wrong in ["24:01", "12:60", "12:00:61", "2026-02-30 10:00:00", "2026-01-01 25:00:00"] {
            assert!(looks_like_moment(wrong) && moment(wrong).is_err(), "{wrong}");
        }
        assert_eq!(moment("2026-02-29"), Err("there is no February 29 in 2026".to_owned()));
        assert!(moment("2024-02-29").is_ok() && moment("2026-12-31").is_ok());
        for other in ["openflow:10:22", "web", "10", "a-b-c", "192.168.1.1", "1:2:3:4", "00:00:00:00:00:01"] {
            assert!(!looks_like_moment(other), "{other}");
        }
    }
}
