//! Which cells are to be run.

use super::Document;
use crate::error_code::Fault;
use crate::notebook::CellKind;

/// What of a notebook is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selection {
    One(String),
    All,
    /// The cells above this one, and not this one.
    Above(String),
    /// This cell and those below.
    Below(String),
    /// The first cell that is out of date or has not run, and all below it: when it has run, what they show
    /// is out of date.
    Stale,
}

impl Document {
    /// Returns the ids of the cells to be run, in their order. Cells without code have
    /// nothing to run.
    pub(crate) fn selected(&self, selection: &Selection) -> Result<Vec<String>, Fault> {
        let all = 0..self.cells.len();
        let range = match selection {
            Selection::One(id) => {
                let position = self.position(id)?;
                if self.cells[position].kind != CellKind::Code {
                    return Err(Fault::field(
                        "cell_id",
                        "it is a cell of text; only code can be run",
                    ));
                }
                position..position + 1
            }
            Selection::Above(id) => 0..self.position(id)?,
            Selection::Below(id) => self.position(id)?..self.cells.len(),
            Selection::All | Selection::Stale => all,
        };
        let code = range.filter(|&index| {
            let cell = &self.cells[index];
            cell.kind == CellKind::Code && !cell.source.trim().is_empty()
        });
        let stale = self.stale();
        let chosen = code.skip_while(|&index| {
            *selection == Selection::Stale && !stale[index] && self.cells[index].ran.is_some()
        });
        Ok(chosen.map(|index| self.cells[index].id.clone()).collect())
    }
}
