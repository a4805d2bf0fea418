//! Aligned columns of text.

/// Rows of equally many cells; the first row is the heading.
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    /// A table with a heading.
    pub(crate) fn new<const N: usize>(heading: [&str; N]) -> Self {
        Self(vec![heading.map(str::to_owned).to_vec()])
    }

    /// One more row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.push(cells.into());
    }

    /// Texts to the left, numbers, and what stands above them, to the right.
    pub(crate) fn text(&self) -> String {
        let columns = self.0.first().map_or(0, Vec::len);
        let widths: Vec<usize> = (0..columns).map(|n| self.width(n)).collect();
        let numeric: Vec<bool> = (0..columns).map(|n| self.is_numeric(n)).collect();
        let mut text = String::new();
        for row in &self.0 {
            let cells = row.iter().zip(widths.iter().zip(&numeric));
            let cells = cells.map(|(cell, (&width, &right))| pad(cell, width, right));
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.0.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }

    fn is_numeric(&self, column: usize) -> bool {
        let below = self.0.iter().skip(1).filter_map(|row| row.get(column));
        let numeric = |cell: &String| cell.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        column > 0 && below.filter(|cell| !cell.is_empty()).all(numeric)
    }
}

fn pad(cell: &str, width: usize, right: bool) -> String {
    if right {
        format!("{cell:>width$}")
    } else {
        format!("{cell:<width$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right() {
        let mut table = Table::new(["name", "µs", "goal"]);
        table.row(["a".into(), "9.5".into(), "met".into()]);
        table.row(["longer".into(), "-12.5".into(), String::new()]);
        assert_eq!(
            table.text(),
            "name       µs  goal\na         9.5  met\nlonger  -12.5\n"
        );
    }
}
