//! Who may use whom: a module uses only modules of a lower rank.

use std::path::Path;

const RANKS: [(&str, u8); 15] = [
    ("cli", 6),
    ("observers", 5),
    ("export", 5),
    ("report", 5),
    ("model", 4),
    ("fit", 3),
    ("sql", 3),
    ("summary", 2),
    ("data", 1),
    ("init", 1),
    ("output", 1),
    ("document", 1),
    ("error", 0),
    ("pair", 0),
    ("signals", 0),
];

fn rank(module: &str) -> Option<u8> {
    RANKS.iter().find(|(name, _)| *name == module).map(|(_, rank)| *rank)
}

/// Every `.rs` file below `folder`, with the first part of its path below `src`.
fn sources(folder: &Path, room: Option<&str>, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let room = room.unwrap_or(&name);
        if path.is_dir() {
            sources(&path, Some(room), found);
        } else {
            found.push((room.to_owned(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn modules_use_only_lower_ranks() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), None, &mut files);
    let mut arrows = 0;
    for (room, text) in files.iter().filter(|(room, _)| room != "main" && room != "lib") {
        let own = rank(room).unwrap_or_else(|| panic!("the module {room} has no rank"));
        for (_, used) in text.match_indices("crate::").map(|(at, found)| text[at..].split_at(found.len())) {
            let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let other = rank(&name).unwrap_or_else(|| panic!("{room} uses crate::{name}, which has no rank"));
            assert!(other < own || name == *room, "{room} (rank {own}) uses {name} (rank {other})");
            arrows += 1;
        }
    }
    assert!(arrows > 10, "only {arrows} arrows found: is the test reading the right folder?");
}
