//! Columns of text, with unseen characters as their codes.

use textwrap::core::display_width;

use crate::error::clipped;
use crate::output::{WIDEST, padded};

/// The number of characters before the decimal point.
pub fn before_point(number: &str) -> usize {
    number.find(['.', 'e']).unwrap_or(number.len())
}

/// The columns next to each other, line by line. If they are wider than `width` characters, they are printed in blocks
/// below each other, each with the first column.
pub fn lines(columns: &[Column], width: Option<usize>) -> String {
    let [first, others @ ..] = columns else { return String::new() };
    let mut blocks: Vec<Vec<&Column>> = vec![vec![first]];
    let mut used = first.width;
    for column in others {
        let room = GAP + column.width;
        let is_full = width.is_some_and(|width| used + room > width);
        let last = blocks.len() - 1;
        if is_full && blocks[last].len() > 1 {
            blocks.push(vec![first, column]);
            used = first.width + room;
        } else {
            blocks[last].push(column);
            used += room;
        }
    }
    blocks.iter().map(|block| block_lines(block)).collect::<Vec<_>>().join("\n")
}

/// The columns as a table in GitHub's Markdown, numbers on the right.
pub fn markdown(columns: &[Column]) -> String {
    let rows = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
    let row = |i: usize| columns.iter().map(move |column| format!(" {} |", markdown_text(column.cells[i].trim())));
    let line = |i: usize| format!("|{}\n", row(i).collect::<String>());
    let sides: String = columns.iter().map(|column| if column.is_number { "--:|" } else { ":--|" }).collect();
    (0..rows).map(|i| if i == 0 { format!("{}|{sides}\n", line(0)) } else { line(i) }).collect()
}

/// Text with the special characters of Markdown escaped.
#[must_use]
pub fn markdown_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if "\\|*`<[~".contains(char) {
            shown.push('\\');
        }
        shown.push(char);
    }
    shown
}

/// Blanks between columns.
const GAP: usize = 2;

fn block_lines(columns: &[&Column]) -> String {
    let rows = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
    let line = |i: usize| columns.iter().map(|column| column.cell(i)).collect::<Vec<_>>().join("  ");
    (0..rows).map(|i| line(i).trim_end().to_owned() + "\n").collect()
}

/// Cells padded to one width.
pub struct Column {
    cells: Vec<String>,
    width: usize,
    is_number: bool,
}

impl Column {
    /// A column of left-aligned strings.
    pub fn left<'a>(head: &'a str, cells: impl Iterator<Item = &'a str>) -> Column {
        let cells = [head].into_iter().chain(cells).map(|cell| clipped(cell, WIDEST));
        let cells: Vec<String> = cells.collect();
        let width = cells.iter().map(|cell| display_width(cell)).max().unwrap_or(0);
        Column { cells, width, is_number: false }
    }

    /// A column of numbers aligned at their decimal points.
    pub fn numbers(head: &str, texts: impl Iterator<Item = String>) -> Column {
        let texts: Vec<String> = texts.collect();
        let whole = texts.iter().map(|text| before_point(text)).max().unwrap_or(0);
        let aligned: Vec<String> =
            texts.iter().map(|text| format!("{:1$}{text}", "", whole - before_point(text))).collect();
        // The head begins at the first digit of the widest number.
        Column { is_number: true, ..Column::left(head, aligned.iter().map(String::as_str)) }
    }

    /// Cell `i`, where the head is the first.
    fn cell(&self, i: usize) -> String {
        padded(&self.cells[i], self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_wide_stands_in_blocks() {
        let column = |head: &'static str| Column::left(head, ["1"].into_iter());
        let columns = [column("name"), column("aaaa"), column("bbbb")];
        assert_eq!(lines(&columns, None), "name  aaaa  bbbb\n1     1     1\n");
        assert_eq!(lines(&columns, Some(16)), lines(&columns, None));
        let blocks = "name  aaaa\n1     1\n\nname  bbbb\n1     1\n";
        assert_eq!(lines(&columns, Some(15)), blocks);
        assert_eq!(lines(&columns, Some(3)), blocks);
    }
}
