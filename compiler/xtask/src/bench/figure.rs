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
}

impl Figure {
    /// The figure of some measurements; there is at least one.
    pub fn of(name: &str, unit: &str, mut values: Vec<f64>, counters: Vec<(String, u64)>) -> Figure {
        values.sort_by(f64::total_cmp);
        let (min, max) = (values[0], values[values.len() - 1]);
        let value = (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0;
        Figure { name: name.to_owned(), unit: unit.to_owned(), value, min, max, n: values.len(), counters }
    }

    /// As one line of JSON.
    pub fn to_json(&self) -> String {
        let counters: Map<String, Value> = self.counters.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        json!({
            "name": self.name, "value": rounded(self.value), "unit": self.unit, "n": self.n,
            "min": rounded(self.min), "max": rounded(self.max), "counters": counters,
        })
        .to_string()
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
        let figure = Figure::of("core/x", "ms", vec![3.0, 1.0, 2.0, 9.0], vec![("states".into(), 4)]);
        assert_eq!((figure.value, figure.min, figure.max), (2.5, 1.0, 9.0));
        assert_eq!(Figure::from_json(&figure.to_json()), Some(figure));
        assert_eq!(rounded(1234.56), 1235.0);
        assert_eq!(rounded(0.012_345_6), 0.01235);
    }
}
