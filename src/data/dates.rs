//! Detects dates, with or without a time of day.

/// The first letters of the months in English.
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Whether `text` is a date in a usual format: `2021-12-31`, `31.12.2021 23:59`, `12/31/21`, `31 Dec 2021`, `December 31, 2021`.
pub fn is_date(text: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(text) else { return false };
    let text = text.trim();
    let date = text.split(['T', ' ']).next().unwrap_or_default();
    text.len() <= 40 && ("-/.".chars().any(|separator| is_of_numbers(date, separator)) || has_month(text))
}

/// Year, month and day, in one of the usual orders.
fn is_of_numbers(text: &str, separator: char) -> bool {
    let parts: Vec<&str> = text.split(separator).collect();
    let is_number = |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !parts.iter().all(is_number) {
        return false;
    }
    let number = |part: &str| part.parse::<u32>().unwrap_or(0);
    let is_day = |part: &str| part.len() <= 2 && (1..=31).contains(&number(part));
    let is_month = |part: &str| part.len() <= 2 && (1..=12).contains(&number(part));
    match parts[..] {
        [year, month, day] if year.len() == 4 => is_month(month) && is_day(day),
        [day, month, year] if year.len() == 4 || separator != '-' && year.len() == 2 => {
            is_day(day) && is_day(month) && (is_month(day) || is_month(month)) && (separator != '.' || is_month(month))
        }
        [year, month] => separator == '-' && year.len() == 4 && month.len() == 2 && is_month(month),
        _ => false,
    }
}

/// The name of a month with a day or a year, or both.
fn has_month(text: &str) -> bool {
    let words: Vec<&str> = text.split([' ', '-', ',', '/', '.']).filter(|word| !word.is_empty()).collect();
    let is_month = |word: &&str| {
        let word = word.to_ascii_lowercase();
        word.len() <= 9 && word.is_ascii() && MONTHS.iter().any(|month| word.starts_with(month)) && {
            let full = [
                "january",
                "february",
                "march",
                "april",
                "may",
                "june",
                "july",
                "august",
                "september",
                "october",
                "november",
                "december",
                "sept",
            ];
            word.len() == 3 || full.contains(&word.as_str())
        }
    };
    let is_number = |word: &&str| word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    words.iter().take(4).any(is_month) && (2..=5).contains(&words.len()) && words.iter().any(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_from_other_text() {
        for text in [
            "2021-12-31",
            "2021-12-31T23:59:00Z",
            "2021-12-31 23:59:00+01:00",
            "31.12.2021",
            "12/31/2021",
            "31/12/2021",
            "12/31/21",
            "31.12.21",
            "2021/12/31",
            "31-12-2021",
            "31-Dec-2021",
            "Dec 31, 2021",
            "31 December 2021",
            "2021-12",
            "Jan-21",
            "5 May",
        ] {
            assert!(is_date(text.as_bytes()), "{text}");
        }
        for text in [
            "a",
            "1.2.3",
            "10-20",
            "2021-13-01",
            "99/99/2021",
            "12:30",
            "555-1234",
            "maybe 5",
            "march",
            "12345-6789",
            "192.168.1.1",
            "1/2",
            "2.10.1500x",
            "mar5",
        ] {
            assert!(!is_date(text.as_bytes()), "{text}");
        }
    }
}
