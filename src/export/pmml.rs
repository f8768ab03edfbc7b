//! PMML 4.4 (the Data Mining Group's XML): a `RegressionModel`.
//!
//! It predicts one target. Several targets need a `MiningModel` with segments, of which no form is accepted by both common
//! evaluators: JPMML accepts `modelChain` and refuses `selectAll`, PMML4S the other way round.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{Feature, Made, Recipe};
use crate::data::Interval;
use crate::error::Error;
use crate::model::Model;
use crate::output::number;

type Xml = Writer<Vec<u8>>;

/// The document for a model of one target.
///
/// # Errors
/// As [`Recipe::new`], or [`Error::Usage`] if there are several targets or a name that cannot be written in XML.
pub fn to_pmml(model: &Model) -> Result<Vec<u8>, Error> {
    let recipe = Recipe::new(model)?;
    let ([target], [output]) = (recipe.targets, &recipe.outputs[..]) else {
        let (count, first) = (recipe.targets.len(), &recipe.targets[0]);
        let message = format!("a PMML model has one target, and this model has {count}");
        return Err(Error::usage(message).with_hint(format!("a file for each: --target {first}")));
    };
    let is_control =
        |name: &&str| name.contains(|c: char| c < ' ' && !"\t\n\r".contains(c) || "\u{fffe}\u{ffff}".contains(c));
    let levels = recipe.levels.values().flatten().map(String::as_str);
    let names = recipe.columns.iter().copied().chain(levels);
    if let Some(name) = names.chain([target.as_str()]).find(is_control) {
        return Err(Error::usage(format!("the name {name:?} cannot be written in XML")));
    }
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    let written = document(&mut xml, &recipe, target, output);
    let mut bytes = written.map(|()| xml.into_inner()).map_err(|error| Error::usage(error.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn document(xml: &mut Xml, recipe: &Recipe, target: &str, output: &str) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = xml.create_element("PMML").with_attribute(("xmlns", "http://www.dmg.org/PMML-4_4"));
    root.with_attribute(("version", "4.4")).write_inner_content(|xml| {
        xml.create_element("Header").write_inner_content(|xml| {
            element(xml, "Application", &[("name", "linreg"), ("version", env!("CARGO_PKG_VERSION"))])
        })?;
        let fields = (recipe.columns.len() + 1).to_string();
        let dictionary = xml.create_element("DataDictionary").with_attribute(("numberOfFields", fields.as_str()));
        dictionary.write_inner_content(|xml| {
            recipe.columns.iter().try_for_each(|name| field(xml, recipe, name))?;
            element(xml, "DataField", &[("name", target), ("optype", "continuous"), ("dataType", "double")])
        })?;
        let regression = xml.create_element("RegressionModel").with_attribute(("functionName", "regression"));
        regression.write_inner_content(|xml| {
            xml.create_element("MiningSchema").write_inner_content(|xml| {
                let means = means_of_columns(recipe);
                for &name in &recipe.columns {
                    let mean = means.get(name).copied().map(number);
                    let mean = mean.as_deref().map(|mean| ("missingValueReplacement", mean));
                    element(
                        xml,
                        "MiningField",
                        &[Some(("name", name)), mean].into_iter().flatten().collect::<Vec<_>>(),
                    )?;
                }
                element(xml, "MiningField", &[("name", target), ("usageType", "target")])
            })?;
            xml.create_element("Output").write_inner_content(|xml| {
                let kind = [("optype", "continuous"), ("dataType", "double"), ("feature", "predictedValue")];
                element(xml, "OutputField", &[&[("name", output)], &kind[..]].concat())
            })?;
            levels(xml, recipe)?;
            table(xml, recipe)
        })?;
        Ok(())
    })?;
    Ok(())
}

/// The means of the columns whose first power is a feature.
fn means_of_columns<'a>(recipe: &'a Recipe) -> BTreeMap<&'a str, f64> {
    let mean = |feature: &'a Feature| match feature.made {
        Made::Power { column, power: 1 } => Some((column, feature.mean_of_column()?)),
        _ => None,
    };
    recipe.features.iter().filter_map(mean).collect()
}

/// A column of the data.
fn field(xml: &mut Xml, recipe: &Recipe, name: &str) -> io::Result<()> {
    let Some(levels) = recipe.levels.get(name) else {
        return element(xml, "DataField", &[("name", name), ("optype", "continuous"), ("dataType", "double")]);
    };
    let attributes = [("name", name), ("optype", "categorical"), ("dataType", "string")];
    let field = xml.create_element("DataField").with_attributes(attributes);
    field.write_inner_content(|xml| levels.iter().try_for_each(|level| element(xml, "Value", &[("value", level)])))?;
    Ok(())
}

/// Names of derived features.
struct Names<'a> {
    columns: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn new(recipe: &'a Recipe) -> Names<'a> {
        let targets = recipe.targets.iter().map(String::as_str);
        Names { columns: recipe.columns.iter().copied().chain(targets).collect() }
    }

    /// An unused name for the feature of a level.
    fn of(&self, column: &str, level: &str) -> String {
        let mut name = format!("{column}={level}");
        while self.columns.contains(name.as_str()) {
            name.push('\'');
        }
        name
    }
}

/// Features of levels. As `CategoricalPredictor`s they would be 0 for a missing value, which is the reference level.
fn levels(xml: &mut Xml, recipe: &Recipe) -> io::Result<()> {
    if recipe.levels.is_empty() && recipe.features.iter().all(|feature| feature.unit.is_none()) {
        return Ok(());
    }
    let names = Names::new(recipe);
    xml.create_element("LocalTransformations").write_inner_content(|xml| {
        for feature in &recipe.features {
            if let (Some(unit), Made::Power { column, power: 1 }) = (feature.unit, feature.made) {
                position(xml, &names, column, unit)?;
            }
            let Made::Level { column, level } = feature.made else { continue };
            let name = names.of(column, level);
            let attributes = [("name", name.as_str()), ("optype", "continuous"), ("dataType", "double")];
            xml.create_element("DerivedField").with_attributes(attributes).write_inner_content(|xml| {
                let mean = feature.mean.map(number);
                let mean = mean.as_deref().map(|mean| ("mapMissingTo", mean));
                let attributes = [Some(("field", column)), Some(("value", level)), mean];
                element(xml, "NormDiscrete", &attributes.into_iter().flatten().collect::<Vec<_>>())
            })?;
        }
        Ok(())
    })?;
    Ok(())
}

/// (column − center)/scale, under an unused name.
fn position(xml: &mut Xml, names: &Names, column: &str, unit: Interval) -> io::Result<()> {
    let name = names.of(column, "t");
    let attributes = [("name", name.as_str()), ("optype", "continuous"), ("dataType", "double")];
    let constant = |xml: &mut Xml, value: f64| {
        let element = xml.create_element("Constant").with_attribute(("dataType", "double"));
        element.write_text_content(BytesText::new(&number(value))).map(drop)
    };
    xml.create_element("DerivedField").with_attributes(attributes).write_inner_content(|xml| {
        xml.create_element("Apply").with_attribute(("function", "/")).write_inner_content(|xml| {
            xml.create_element("Apply").with_attribute(("function", "-")).write_inner_content(|xml| {
                element(xml, "FieldRef", &[("field", column)])?;
                constant(xml, unit.center)
            })?;
            constant(xml, unit.scale)
        })?;
        Ok(())
    })?;
    Ok(())
}

/// The weights.
fn table(xml: &mut Xml, recipe: &Recipe) -> io::Result<()> {
    let (names, intercept) = (Names::new(recipe), number(recipe.weights.bias[0]));
    let table = xml.create_element("RegressionTable").with_attribute(("intercept", intercept.as_str()));
    table.write_inner_content(|xml| {
        for (feature, &weight) in recipe.features.iter().zip(recipe.weights.matrix.row(0).iter()) {
            let (name, power) = match feature.made {
                Made::Power { column, power } if feature.unit.is_some() => (names.of(column, "t"), power),
                Made::Power { column, power } => (column.to_owned(), power),
                Made::Level { column, level } => (names.of(column, level), 1),
            };
            let (coefficient, power) = (number(weight), power.to_string());
            let exponent = Some(("exponent", power.as_str())).filter(|_| power != "1");
            let attributes = [Some(("name", name.as_str())), exponent, Some(("coefficient", coefficient.as_str()))];
            element(xml, "NumericPredictor", &attributes.into_iter().flatten().collect::<Vec<_>>())?;
        }
        Ok(())
    })?;
    Ok(())
}

/// An empty element.
fn element(xml: &mut Xml, name: &str, attributes: &[(&str, &str)]) -> io::Result<()> {
    xml.create_element(name).with_attributes(attributes.iter().copied()).write_empty().map(drop)
}

#[cfg(test)]
mod tests {
    use quick_xml::{Reader, XmlVersion};

    use super::*;
    use crate::export::tests::model;

    fn one_target() -> Model {
        let mut model = model();
        model.targets.truncate(1);
        model.weights.matrix = model.weights.matrix.rows(0, 1).into();
        model.weights.bias = model.weights.bias.rows(0, 1).into();
        model
    }

    /// Every attribute of elements of this name.
    fn attributes(bytes: &[u8], element: &str) -> Vec<Vec<(String, String)>> {
        let mut reader = Reader::from_reader(bytes);
        let mut found = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => return found,
                Event::Start(start) | Event::Empty(start) if start.name().as_ref() == element => {
                    let read = |attribute: quick_xml::events::attributes::Attribute| {
                        let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap();
                        (attribute.key.as_ref().to_owned(), value.into_owned())
                    };
                    found.push(start.attributes().map(|attribute| read(attribute.unwrap())).collect());
                }
                _ => {}
            }
        }
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    #[test]
    fn names_and_numbers_come_back() {
        let bytes = to_pmml(&one_target()).unwrap();
        let expected = [
            pairs(&[("name", "x"), ("coefficient", "1.5")]),
            pairs(&[("name", "x"), ("exponent", "3"), ("coefficient", "-2.0")]),
            pairs(&[("name", "a \"b\" <c>"), ("coefficient", "0.1")]),
            pairs(&[("name", "r=it's"), ("coefficient", "4.0")]),
        ];
        assert_eq!(attributes(&bytes, "NumericPredictor"), expected);
        assert_eq!(attributes(&bytes, "RegressionTable"), [pairs(&[("intercept", "0.25")])]);
        assert_eq!(attributes(&bytes, "MiningField").len(), 4);
        assert_eq!(attributes(&bytes, "MiningField")[0], pairs(&[("name", "x"), ("missingValueReplacement", "0.5")]));
        assert_eq!(attributes(&bytes, "Value"), [pairs(&[("value", "k")]), pairs(&[("value", "it's")])]);
        assert_eq!(attributes(&bytes, "NormDiscrete"), [pairs(&[("field", "r"), ("value", "it's")])]);
    }

    #[test]
    fn line_ends_in_names_come_back() {
        let mut model = one_target();
        model.features[2] = "a\tb\nc".to_owned();
        let bytes = to_pmml(&model).unwrap();
        // XML parsers replace a bare line end in an attribute by a blank.
        assert!(!String::from_utf8(bytes).unwrap().contains("\nc\""));
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        assert_eq!(to_pmml(&model()).unwrap_err().hint(), Some("a file for each: --target y"));
        let mut model = one_target();
        model.features[2] = "a\u{1}b".to_owned();
        assert!(to_pmml(&model).unwrap_err().to_string().contains("cannot be written in XML"));
    }
}
