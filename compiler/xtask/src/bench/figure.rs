//! One measured figure, and its form in `target/bench.jsonl`.

use serde_json::{Map, Value, json};

/// A figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// `core/parse`
    pub name: String,
    /// Its unit; `MB/s (more)` where more is better.
    pub unit: String,
    /// Median, least and greatest.
    pub value: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// How often it was measured.
    pub n: usize,
    /// Counts that do not depend on the machine.
    pub counters: Vec<(String, u64)>,
    /// Whom it is measured against.
    pub peer: Option<Peer>,
}

/// A figure of somebody else.
#[derive(Clone, Debug, PartialEq)]
pub struct Peer {
    /// Who, and what of theirs.
    pub name: String,
    /// In the unit of our figure.
    pub value: f64,
    /// Whether it was measured in the same run as ours.
    pub same_run: bool,
}

impl Peer {
    fn from_json(object: &Value) -> Option<Peer> {
        let name = object["name"].as_str()?.to_owned();
        Some(Peer { name, value: object["value"].as_f64()?, same_run: object["same_run"].as_bool()? })
    }
}

impl Figure {
    /// The figure of some measurements; there is at least one.
    pub fn of(name: &str, unit: &str, mut values: Vec<f64>, counters: Vec<(String, u64)>) -> Figure {
        values.sort_by(f64::total_cmp);
        let (min, max) = (values[0], values[values.len() - 1]);
        let value = (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0;
        Figure { name: name.to_owned(), unit: unit.to_owned(), value, min, max, n: values.len(), counters, peer: None }
    }

    /// The figure whose value is the least of many measurements: what the machine can do undisturbed. The median stands
    /// among the counters, in nanoseconds.
    pub fn least(name: &str, unit: &str, milliseconds: Vec<f64>) -> Figure {
        let mut figure = Figure::of(name, unit, milliseconds, vec![]);
        figure.counters.push(("median_ns".to_owned(), (figure.value * 1e6).round() as u64));
        figure.value = figure.min;
        figure
    }

    /// As one line of JSON.
    pub fn to_json(&self) -> String {
        let counters: Map<String, Value> = self.counters.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        let mut object = json!({
            "name": self.name, "value": rounded(self.value), "unit": self.unit, "n": self.n,
            "min": rounded(self.min), "max": rounded(self.max), "counters": counters,
        });
        if let Some(Peer { name, value, same_run }) = &self.peer {
            object["peer"] = json!({"name": name, "value": value, "same_run": same_run});
        }
        object.to_string()
    }

    /// From one line of JSON.
    pub fn from_json(line: &str) -> Option<Figure> {
        let object: Value = serde_json::from_str(line).ok()?;
        let number = |key: &str| object[key].as_f64();
        let counters = object["counters"].as_object()?;
        Some(Figure {
            name: object["name"].as_str()?.to_owned(),
            unit: object["unit"].as_str()?.to_owned(),
            value: number("value")?,
            min: number("min")?,
            max: number("max")?,
            n: usize::try_from(object["n"].as_u64()?).ok()?,
            peer: Peer::from_json(&object["peer"]),
            counters: counters.iter().filter_map(|(k, v)| Some((k.clone(), v.as_u64()?))).collect(),
        })
    }
}

/// To four significant digits: the rest is noise.
pub fn rounded(value: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let scale = 10f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_survives_its_line() {
        let mut figure = Figure::of("core/x", "ms", vec![3.0, 1.0, 2.0, 9.0], vec![("states".into(), 4)]);
        assert_eq!((figure.value, figure.min, figure.max), (2.5, 1.0, 9.0));
        assert_eq!(Figure::from_json(&figure.to_json()).as_ref(), Some(&figure));
        figure.peer = Some(Peer { name: "them".into(), value: 2.5, same_run: true });
        assert_eq!(Figure::from_json(&figure.to_json()), Some(figure));
        assert_eq!(rounded(1234.56), 1235.0);
        assert_eq!(rounded(0.012_345_6), 0.01235);
    }
}
