//! Addresses without the user and password that some contain.

use std::borrow::Cow;

/// `text` with `s3a://KEY:SECRET@bucket` as `s3a://…@bucket`.
pub fn hidden(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("://").map(|scheme| scheme + 3) {
        let (before, address) = rest.split_at(start);
        shown.push_str(before);
        rest = match user(address) {
            0 => address,
            end => {
                shown.push('…');
                &address[end..]
            }
        };
    }
    if shown.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(shown + rest) }
}

/// The length of the user and password before the `@` of an address, 0 if there are none.
fn user(address: &str) -> usize {
    let end = address.find(|c: char| c.is_whitespace() || "\"'<>|".contains(c)).unwrap_or(address.len());
    let host = address[..end].find(['/', '?', '#']).unwrap_or(end);
    let colon = address[..host].find(':');
    let is_port = |colon: usize| address[colon + 1..host].bytes().all(|byte| byte.is_ascii_digit());
    match address[..host].rfind('@') {
        Some(at) => at,
        // A slash in a secret, which should have been encoded as %2F.
        None if colon.is_some_and(|colon| !is_port(colon)) => address[..end].rfind('@').unwrap_or(0),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_passwords_are_hidden_and_nothing_else() {
        for (text, shown) in [
            ("s3a://KEY:SECRET@bucket/a@b.csv", "s3a://…@bucket/a@b.csv"),
            ("s3a://KEY:a/b+c@bucket/a.csv: no such file", "s3a://…@bucket/a.csv: no such file"),
            ("no s3a://user@h/x, abfss://c@acc.net/y", "no s3a://…@h/x, abfss://…@acc.net/y"),
            ("hdfs://host:9000/a@b.csv", "hdfs://host:9000/a@b.csv"),
            ("trips.csv", "trips.csv"),
            ("see https://docs.delta.io/releases", "see https://docs.delta.io/releases"),
        ] {
            assert_eq!(hidden(text), shown);
        }
    }
}
