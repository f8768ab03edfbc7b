//! The schemas in `docs/schemas/` describe what the program writes: every key of every output is in them, every key in them
//! is in some output, and the tables of `docs/formats.md` are theirs. `UPDATE=1 cargo test schemas` writes the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::workdir::Workdir;

type Schemas = BTreeMap<String, Value>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schemas() -> Schemas {
    let files = std::fs::read_dir(root().join("docs/schemas")).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: &Path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), read(&path))).collect()
}

/// Looks at documents, and remembers which keys it has met.
struct Check<'a> {
    schemas: &'a Schemas,
    seen: BTreeSet<String>,
}

impl Check<'_> {
    /// What is wrong with `value` at `path`; a schema's own word that is not known here is a fault of the test.
    fn faults(&mut self, schema: &Value, value: &Value, path: &str) -> Vec<String> {
        let mut faults = Vec::new();
        for (word, rule) in schema.as_object().unwrap() {
            let holds = match word.as_str() {
                "$schema" | "$id" | "title" | "description" | "propertyNames" => true,
                "$ref" => {
                    let name = rule.as_str().unwrap();
                    let other = &self.schemas[name];
                    faults.extend(self.faults(other, value, name));
                    true
                }
                "type" => match rule.as_array() {
                    Some(any) => any.iter().any(|kind| is_of(kind.as_str().unwrap(), value)),
                    None => is_of(rule.as_str().unwrap(), value),
                },
                "const" => value == rule,
                "enum" => rule.as_array().unwrap().contains(value),
                "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
                "exclusiveMinimum" => value.as_f64().is_none_or(|number| number > rule.as_f64().unwrap()),
                "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
                "items" => {
                    let items = value.as_array().into_iter().flatten();
                    items.for_each(|item| faults.extend(self.faults(rule, item, &format!("{path}[]"))));
                    true
                }
                "required" => rule
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|key| value.is_null() || value.get(key.as_str().unwrap()).is_some()),
                "properties" | "additionalProperties" => true,
                _ => panic!("{path}: what does {word} mean?"),
            };
            if !holds {
                faults.push(format!("{path}: {word} {rule}, but {value}"));
            }
        }
        for (key, value) in value.as_object().into_iter().flatten() {
            if let Some(rule) = schema.get("properties").and_then(|known| known.get(key)) {
                let path = format!("{path}.{key}");
                self.seen.insert(path.clone());
                faults.extend(self.faults(rule, value, &path));
            } else if let Some(rule) = schema.get("additionalProperties") {
                let path = format!("{path}.*");
                self.seen.insert(path.clone());
                faults.extend(self.faults(rule, value, &path));
            } else if schema.get("properties").is_some() {
                faults.push(format!("{path}: nobody knows \"{key}\""));
            }
        }
        faults
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        _ => panic!("{kind} is no type"),
    }
}

/// All keys that a schema describes, as paths.
fn keys(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    for (key, rule) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        found.insert(format!("{path}.{key}"));
        keys(rule, &format!("{path}.{key}"), found);
    }
    if let Some(rule) = schema.get("additionalProperties") {
        found.insert(format!("{path}.*"));
        keys(rule, &format!("{path}.*"), found);
    }
    schema.get("items").into_iter().for_each(|rule| keys(rule, &format!("{path}[]"), found));
}

/// The documents that a line of the list of commands prints.
fn documents(folder: &Workdir, command: &str) -> Vec<Value> {
    let text = folder.shell(command);
    let documents = serde_json::Deserializer::from_str(&text).into_iter();
    let documents = documents.map(|document| document.unwrap_or_else(|error| panic!("{command}: {error}\n{text}")));
    documents.collect()
}

fn outputs() -> Vec<(String, Vec<Value>)> {
    let folder = Workdir::new();
    let lines = include_str!("schemas/outputs.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, command) = line.split_once(": ").unwrap();
            let documents = documents(&folder, command);
            assert!(!documents.is_empty(), "{command}");
            (format!("{name}.json"), documents)
        })
        .collect()
}

#[test]
fn schemas_and_outputs_say_the_same() {
    let schemas = schemas();
    let mut check = Check { schemas: &schemas, seen: BTreeSet::new() };
    let outputs = outputs();
    for (name, documents) in &outputs {
        for document in documents {
            let faults = check.faults(&schemas[name], document, name);
            assert!(faults.is_empty(), "{faults:#?}\n{document}");
        }
    }
    let mut described = BTreeSet::new();
    schemas.iter().for_each(|(name, schema)| keys(schema, name, &mut described));
    let unseen: Vec<&String> = described.difference(&check.seen).collect();
    assert!(unseen.is_empty(), "no output has {unseen:#?}");
    assert!(described.len() > 120, "only {} keys", described.len());
}

/// A key that is missing or of another type does not go by unnoticed.
#[test]
fn what_is_not_as_described_is_noticed() {
    let schemas = schemas();
    let mut check = Check { schemas: &schemas, seen: BTreeSet::new() };
    for (name, documents) in outputs() {
        let (schema, document) = (&schemas[&name], &documents[0]);
        for key in schema["required"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()) {
            let mut without = document.clone();
            without.as_object_mut().unwrap().remove(key);
            assert!(!check.faults(schema, &without, &name).is_empty(), "{name} without {key}");
            let mut other = document.clone();
            other[key] = serde_json::json!([true]);
            assert!(!check.faults(schema, &other, &name).is_empty(), "{name} with another {key}");
        }
        if schema.get("additionalProperties").is_none() {
            let mut more = document.clone();
            more["unheard_of"] = Value::Null;
            assert!(!check.faults(schema, &more, &name).is_empty(), "{name} with more");
        }
    }
}

/// A word for the type of a value.
fn kind(rule: &Value) -> String {
    if let Some(value) = rule.get("const") {
        return format!("`{value}`");
    }
    if let Some(values) = rule.get("enum").and_then(Value::as_array) {
        let plain = |value: &Value| value.as_str().map_or(format!("`{value}`"), |text| format!("`{text}`"));
        return values.iter().map(plain).collect::<Vec<_>>().join(", ");
    }
    let word = |kind: &Value| {
        match kind.as_str().unwrap() {
            "integer" => "integer",
            "string" => "string",
            "boolean" => "boolean",
            "array" => "list",
            other => other,
        }
        .to_owned()
    };
    match (rule.get("items"), rule["type"].as_array()) {
        (Some(items), _) if items.get("items").is_some() => "lists of numbers".to_owned(),
        (Some(items), _) if items["type"] == "object" => "list of objects".to_owned(),
        (Some(items), _) => format!("list of {}s", word(&items["type"])),
        (None, Some(any)) => any.iter().map(word).collect::<Vec<_>>().join(", "),
        (None, None) => word(&rule["type"]),
    }
}

/// Rows of the table of a schema.
fn table(schema: &Value, path: &str, rows: &mut String) {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let place = |key: &str| required.iter().position(|other| other == key);
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let mut properties: Vec<_> = properties.collect();
    // What is always there, in the order in which it stands there; then the rest.
    properties.sort_by_key(|(key, _)| place(key).unwrap_or(required.len()));
    for (key, rule) in properties {
        let key_path = format!("{path}{key}");
        if rule.get("$ref").is_some() {
            *rows += &format!("| `{key_path}` | object | a [model](#model) |\n");
            continue;
        }
        let optional = if place(key).is_some() { "" } else { ", optional" };
        let meaning = rule["description"].as_str().unwrap().replace('|', "\\|");
        *rows += &format!("| `{key_path}` | {}{optional} | {meaning} |\n", kind(rule));
        let inner = if rule.get("items").is_some() { &rule["items"] } else { rule };
        let list = if rule.get("items").is_some() { "[]" } else { "" };
        table(inner, &format!("{key_path}{list}."), rows);
    }
    if let Some(rule) = schema.get("additionalProperties") {
        let key_path = format!("{path}<{}>", schema["propertyNames"]["title"].as_str().unwrap());
        if let Some(meaning) = rule.get("description") {
            *rows += &format!("| `{key_path}` | {} | {} |\n", kind(rule), meaning.as_str().unwrap());
        }
        table(rule, &format!("{key_path}."), rows);
    }
}

#[test]
fn the_tables_of_formats_are_those_of_the_schemas() {
    let path = root().join("docs/formats.md");
    let written = std::fs::read_to_string(&path).unwrap();
    let schemas = schemas();
    let (mut text, mut tables) = (String::new(), 0);
    let mut lines = written.lines().peekable();
    while let Some(line) = lines.next() {
        text += &format!("{line}\n");
        let named = line.strip_prefix("[`schemas/").and_then(|rest| rest.split('`').next());
        if let Some(name) = named {
            let mut rows = String::new();
            table(&schemas[name], "", &mut rows);
            text += &format!("\n| key | type | meaning |\n|---|---|---|\n{rows}");
            while lines.next_if(|line| line.is_empty() || line.starts_with('|')).is_some() {}
            text += if lines.peek().is_some() { "\n" } else { "" };
            tables += 1;
        }
    }
    assert_eq!(tables, schemas.len());
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, &text).unwrap();
    } else {
        for (written, replayed) in written.lines().zip(text.lines()) {
            assert_eq!(written, replayed, "UPDATE=1 cargo test schemas writes the tables");
        }
        assert_eq!(written.lines().count(), text.lines().count());
    }
}
