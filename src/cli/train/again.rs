//! A second pass over the rows, for the last digits of least squares with nearly collinear columns.

use nalgebra::DMatrix;

use super::Args;
use super::exact::Solver;
use crate::cli::compress::{Compressed, Kept, feature_fields};
use crate::cli::input::Input;
use crate::cli::ledger::Ledger;
use crate::cli::reading::Reading;
use crate::cli::words::note;
use crate::data::columns::Roles;
use crate::data::{BATCH_ROWS, Batch, Missing, Records, Work};
use crate::error::Error;
use crate::fit::{Gradients, LeastSquares, WeightedRows};
use crate::model::{MissingCells, Rule};
use crate::output::rounded;

/// The condition number below which the triangle alone determines all but the last three digits.
const ILL: f64 = 1e3;

impl Args {
    /// The least-squares solution, improved by one step with residuals from a second pass, if this helps and the inputs are
    /// files; `None` if the rows are in memory or the problem is not least squares.
    pub(super) fn read_again(&self, compressed: &Compressed, roles: &Roles) -> Result<Option<LeastSquares>, Error> {
        if self.solver != Solver::Qr || compressed.rows.is_some() || self.hyper.standardize {
            return Ok(None);
        }
        let (summary, k) = (&compressed.summary, roles.targets.len());
        let ridge = self.hyper.penalty().ridge(self.hyper.reduction, summary.weight() * k as f64);
        let mut solution = LeastSquares::new(summary, k, !self.hyper.no_bias, ridge);
        let mut condition = solution.condition();
        if !summary.powers().is_empty() {
            // Weights on powers may be ill conditioned where those on polynomials are not.
            condition = LeastSquares::new(&summary.plain(), k, !self.hyper.no_bias, ridge).condition().max(condition);
        }
        let paths = self.data.paths()?;
        if condition < ILL || !paths.iter().all(|file| file.path.is_file()) {
            return Ok(Some(solution));
        }
        let input = Input::open(&paths, self.data.manner())?;
        if input.has_summary() {
            return Ok(Some(solution));
        }
        let gradients = self.gradients(input, roles, compressed.missing.as_ref(), &solution)?;
        solution.step(gradients);
        if !self.quiet {
            let condition = rounded(condition);
            note(&format!("the rows were read again for the last digits (condition of the columns: {condition})"));
        }
        Ok(Some(solution))
    }

    /// The correction of `solution`, summed over all rows that are trained on.
    fn gradients(
        &self,
        input: Input,
        roles: &Roles,
        missing: Option<&MissingCells>,
        solution: &LeastSquares,
    ) -> Result<Gradients, Error> {
        let design = roles.design();
        let weight = self.columns.weight.column();
        let mut rows = input.rows_for("train")?.weighted_rows(design.fields().to_vec(), weight, Missing::KeepUnseen)?;
        rows.categorize(design.readers(Some(&design.levels())));
        let (fields, features) = (design.fields().len(), feature_fields(&design, roles.targets.len()));
        let rule = missing.map_or(Rule::Error, |missing| missing.rule);
        let (split, columns) = (self.split(), design.names().len());
        let aside = Batch::with_weights(weight.is_some(), 1 + design.fields().len(), BATCH_ROWS);
        let new = || (Gradients::default(), aside.clone(), None);
        let add = |(sum, aside, room): &mut (Gradients, Batch, Option<Batch>), batch: &mut Batch, records: &Records| {
            let lacking = Ledger::new(fields).scan(batch, records, rule, features).unwrap_or_default();
            let is_other = |i: usize| split.is_some_and(|split| split.part(records.input, records.offset(i)) != 0);
            if split.is_some() || !lacking.is_empty() {
                batch.split_off(aside, |i| lacking.get(i) == Some(&true) || is_other(i));
            }
            let batch = design.features(batch, room);
            missing.into_iter().for_each(|missing| missing.fill(&roles.features, batch));
            let mut kept = Kept::default();
            kept.push(batch);
            let Kept { values, weights } = kept;
            let values = DMatrix::from_row_slice(values.len() / columns, columns, &values);
            sum.merge(solution.gradients(&WeightedRows { values, weights }));
        };
        let mut all = Gradients::default();
        let reading = Reading { is_quiet: self.quiet, ..self.data.reading(self.shown_progress()) };
        reading.fold(rows, 1, &Work { new: &new, add: &add }, |(sum, ..), _| {
            all.merge(sum);
            Ok(())
        })?;
        Ok(all)
    }
}
