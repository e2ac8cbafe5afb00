//! The JSON Schema of the scenario file (draft 2020-12), from the same declarations that read it. For editors: the
//! reader is stricter.

use super::context::fact_text;
use super::grammar::{Default, Key, Read, Scalar, Shape, Variant};
use super::top::TopSpec;
use serde_json::{Map, Value, json};

/// The schema, for `kinesim schema`.
pub fn schema() -> Value {
    let mut root = of(TopSpec::shape());
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kinesim scenario",
        // A place for YAML anchors.
        "patternProperties": { "^x-": {} },
    });
    if let (Value::Object(root), Value::Object(head)) = (&mut root, head) {
        root.extend(head);
        // Either one stream or several.
        root.insert("required".into(), json!(["duration"]));
        root.insert(
            "anyOf".into(),
            json!([{ "required": ["producers", "stream"] }, { "required": ["streams"] }]),
        );
    }
    root
}

fn of(shape: Shape) -> Value {
    match shape {
        Shape::Scalar(scalar) => of_scalar(scalar),
        Shape::Section(keys) => section(keys),
        Shape::Named(of_one) => json!({
            "type": ["object", "null"],
            "propertyNames": { "pattern": "^[A-Za-z0-9_-]{1,64}$" },
            "additionalProperties": of(of_one()),
        }),
        Shape::List(of_one) => json!({ "type": "array", "items": of(of_one()) }),
        Shape::Choice(words) => {
            json!({ "oneOf": words.iter().filter(|w| !w.reserved).flat_map(word).collect::<Vec<_>>() })
        }
        Shape::Either(one, other) => json!({ "anyOf": [of(one()), of(other())] }),
    }
}

fn of_scalar(scalar: Scalar) -> Value {
    // YAML reads a bare 20 as a number and a bare true as a boolean.
    let mut value = json!({
        "type": ["string", "number", "boolean"],
        "description": format!("{}, for example {}", scalar.what, scalar.example),
    });
    if !scalar.pattern.is_empty() {
        value["pattern"] = scalar.pattern.into();
    }
    value
}

fn section(keys: &'static [Key]) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let mut value = of((key.shape)());
        value["description"] = key.doc.trim().into();
        match key.rule.default {
            Default::Text(text) if text != "{}" && text != "[]" => value["default"] = text.into(),
            Default::Fact(fact) => value["default"] = fact_text(fact).into(),
            _ => {}
        }
        properties.insert(key.name.to_owned(), value);
    }
    let needed = keys.iter().filter(|k| k.rule.default == Default::Required);
    let required: Vec<&str> = needed.map(|k| k.name).collect();
    json!({
        "type": ["object", "null"],
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// A word stands bare, or as the one key of a map.
fn word(word: &Variant) -> Vec<Value> {
    let doc = word.doc.trim();
    let bare = json!({ "const": word.name, "description": doc });
    let Some(body) = word.body else {
        return vec![bare];
    };
    let mut properties = Map::new();
    properties.insert(word.name.to_owned(), of(body()));
    let map = json!({
        "type": "object",
        "description": doc,
        "properties": properties,
        "required": [word.name],
        "additionalProperties": false,
    });
    vec![bare, map]
}
