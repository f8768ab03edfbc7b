use proptest::prelude::*;

use super::super::blocks::tests::Trickle;
use super::*;

fn read(bytes: &[u8], told: Option<Charset>, trickle: usize) -> (io::Result<String>, Option<&'static str>) {
    let found = Found::default();
    let mut text = String::new();
    let result = Utf8::new(Trickle(bytes, trickle), told, found.clone()).read_to_string(&mut text);
    (result.map(|_| text), found.get().copied())
}

fn utf_16(text: &str, is_little: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if is_little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

fn utf_32(text: &str, is_little: bool) -> Vec<u8> {
    let bytes = |char| if is_little { u32::from(char).to_le_bytes() } else { u32::from(char).to_be_bytes() };
    text.chars().flat_map(bytes).collect()
}

#[test]
fn encodings_are_found() {
    let text = "stadt,y\nKöln,1\nKüln,2\n";
    let latin: Vec<u8> = text.chars().map(|char| char as u8).collect();
    for (bytes, name) in [
        (text.as_bytes().to_vec(), None),
        (latin, Some("Windows-1252 (Latin-1)")),
        (utf_16(text, true), Some("UTF-16LE")),
        (utf_16(text, false), Some("UTF-16BE")),
        (utf_32(text, true), Some("UTF-32")),
        (utf_32(text, false), Some("UTF-32")),
    ] {
        for trickle in [1, 2, 3, 5, 1000] {
            let (read, found) = read(&bytes, None, trickle);
            assert_eq!((read.unwrap().as_str(), found), (text, name), "{trickle}");
        }
    }
}

#[test]
fn marks_of_the_byte_order_become_that_of_utf_8() {
    for is_little in [true, false] {
        for bytes in [utf_16("\u{feff}é,y\n", is_little), utf_32("\u{feff}é,y\n", is_little)] {
            assert_eq!(read(&bytes, None, 7).0.unwrap(), "\u{feff}é,y\n");
        }
    }
}

#[test]
fn what_is_wrong_is_an_error() {
    let broken = [utf_16("x,y\n", true), vec![0, 0xd8, b'1', 0]].concat();
    assert_eq!(read(&broken, None, 100).0.unwrap_err().to_string(), "byte 9 of the text is not UTF-16LE");
    let broken = [utf_32("x,y\n", false), vec![0xff; 4]].concat();
    assert_eq!(read(&broken, None, 100).0.unwrap_err().to_string(), "byte 17 of the text is not UTF-32");
    let cut = &utf_16("x,y\n1,2", true)[..13];
    assert!(read(cut, None, 100).0.is_err());
    assert!(read(b"a\x81", "shift_jis".parse().ok(), 100).0.is_err());
}

#[test]
fn names_are_those_of_browsers_and_some_more() {
    for name in ["latin1", "Latin-1", "ISO-8859-1", "cp1252", "windows-1252", "ansi"] {
        assert_eq!(name.parse(), Ok(Charset::Other(WINDOWS_1252)), "{name}");
    }
    assert!("utf8".parse::<Charset>().unwrap().is_utf_8());
    for name in ["", "latin", "utf-7", "iso-2022-kr"] {
        assert!(name.parse::<Charset>().is_err(), "{name}");
    }
}

#[test]
fn late_bytes_decide_nothing() {
    let mut bytes = vec![b'a'; WINDOW];
    bytes.push(0xf6);
    assert_eq!(Charset::detected(&bytes), None);
    let found = Found::default();
    let mut all = Vec::new();
    Utf8::new(&bytes[..], None, found.clone()).read_to_end(&mut all).unwrap();
    assert!(all == bytes && found.get().is_none());
    bytes[WINDOW - 1] = 0xf6;
    assert_eq!(Charset::detected(&bytes), Some(Charset::Other(WINDOWS_1252)));
}

proptest! {
    /// However the bytes come, a stream decides as whoever sees all of them.
    #[test]
    fn streams_and_files_agree(
        bytes in proptest::collection::vec(proptest::sample::select(&b"a1,\n\xc3\xb6\xf6\xe2\x88\x92\x00\xff\xfe"[..]), 0..40),
        trickle in 1..9usize,
    ) {
        let found = Found::default();
        let mut all = Vec::new();
        let result = Utf8::new(Trickle(&bytes, trickle), None, found.clone()).read_to_end(&mut all);
        prop_assert_eq!(found.get().copied(), Charset::detected(&bytes).map(Charset::name));
        if found.get().is_none() {
            prop_assert!(result.is_ok());
            prop_assert_eq!(all, bytes);
        }
    }
}
