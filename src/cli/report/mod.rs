//! `linreg report`: a model, rows and a history → one page of HTML that needs nothing else.

mod parts;
mod words;

use std::io::Write;
use std::path::PathBuf;

use super::compress::Wish;
use super::files::Files;
use super::input::Input;
use super::options::DataOptions;
use super::plot::{Sample, SampleOptions, coefficients, read_history};
use super::unseen::OnUnseen;
use crate::data::inputs::InputFile;
use crate::error::{Error, Place};
use crate::model::Model;
use crate::observers::When;
use crate::output::{FileId, Kind, OutputFile};
use crate::report::Page;
use crate::report::charts::{self, Diagnostic, Run};
use crate::summary::Summary;

/// Write a page about a model: one HTML file with all its pictures
///
/// R² and errors, coefficients with 95 % intervals, residuals, the columns, the losses of a gradient descent, and the
/// commands that reproduce the model. The page needs no network and no script, prints well and fits a phone. The rows are
/// read twice, so they must come from files.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  linreg train --data data/apples.csv --lr 1e-5 --quiet --history run.csv --out apples.json
  linreg report --model apples.json --data data/apples.csv --history run.csv --out report.html
  linreg report --model apples.json --data data/apples.csv --title Apples --out report.html")]
pub struct Args {
    /// The model file
    #[arg(short, long, value_name = "MODEL.json")]
    model: PathBuf,

    #[command(flatten)]
    data: DataOptions,

    #[command(flatten)]
    sample: SampleOptions,

    /// Losses of the run, as train --history writes them; repeat it for several runs
    #[arg(long, value_name = "FILE")]
    history: Vec<PathBuf>,

    /// Title of the page [default: the model's targets and features]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,

    /// Write the page to this file; - is standard output
    #[arg(short, long, value_name = "FILE.html")]
    out: PathBuf,
}

/// Everything that the page shows.
struct Report {
    model: Model,
    files: Vec<InputFile>,
    summary: Summary,
    sample: Sample,
    runs: Vec<Run>,
    title: String,
}

impl Args {
    /// Opens the file, reads the rows and writes the page.
    pub fn run(self) -> Result<(), Error> {
        let files = Files::default().reads("--model", [&self.model]).reads(self.data.named(), self.data.paths()?);
        files.reads("--history", &self.history).writes("--out", [&self.out]).check()?;
        let mut file = OutputFile::create(&self.out)?;
        let html = self.read()?.page()?;
        file.write_all(html.as_bytes()).map_err(|source| Error::io(&self.out, "write", source))?;
        file.commit()
    }

    fn read(&self) -> Result<Report, Error> {
        let model = Model::read(&self.model)?;
        let files = self.data.paths()?;
        let is_pipe = |file: &InputFile| FileId::of(&file.path).is_some_and(|(_, kind)| kind == Kind::Pipe);
        if let Some(file) = files.iter().find(|file| file.path.as_os_str() == "-" || is_pipe(file)) {
            let path = file.path.display().to_string();
            let what = if path == "-" { "standard input".to_owned() } else { path };
            return Err(Error::usage(format!("report reads the rows twice, so they cannot come from {what}"))
                .with_hint("give files: rows.csv"));
        }
        let runs = self.history.iter().map(|path| read_history(path)).collect::<Result<_, Error>>()?;
        let weight = model.training.as_ref().and_then(|training| training.row_weight.as_ref());
        let weight = weight.map(|weight| weight.column.as_str());
        let reading = self.data.reading(When::Auto);
        let open = || Input::open(&files, self.data.manner());

        let places: Vec<usize> = (0..model.targets.len()).collect();
        let sample = self.sample.read(
            &model,
            &places,
            open()?.rows_for("report")?,
            reading,
            weight,
            Some(Diagnostic::Residuals),
        )?;
        let targets = model.targets.len();
        let wish = Wish { weight, missing: model.rule(), targets, on_unseen: OnUnseen::Skip, ..Wish::default() };
        let means = model.missing.as_ref().map(|missing| &missing.means);
        let summary = open()?.compress_like(&model.design_with_targets(), means, reading, wish)?;
        if summary.rows() != sample.rows {
            let file = files[0].path.display().to_string();
            return Err(Error::input(Place::file(&file), "the file changed between the two passes"));
        }
        let title = self.title.clone().unwrap_or_else(|| {
            let (targets, columns) = (&model.targets, model.design());
            format!("{} from {}", words::title(targets), words::title(columns.fields()))
        });
        Ok(Report { model, files, summary, sample, runs, title })
    }
}

impl Report {
    fn page(&self) -> Result<String, Error> {
        let mut page = Page::new(&format!("Linear regression: {}", self.title));
        page.section("Result");
        self.result(&mut page);

        page.section("Coefficients");
        self.coefficients(&mut page);
        let places: Vec<usize> = (0..self.model.targets.len()).collect();
        page.picture(&coefficients(&self.model, &places)?)?;

        page.section("Residuals");
        page.picture(&charts::fit(&self.sample.targets, &self.sample.remarks()))?;
        page.picture(&Diagnostic::Residuals.draw(&self.sample.targets, &self.sample.remarks_on_residuals()))?;
        page.paragraph(words::RESIDUALS);

        page.section("Data");
        self.data(&mut page);

        let is_descent = self.model.training.as_ref().is_some_and(|training| training.descent.is_some());
        if is_descent || !self.runs.is_empty() {
            page.section("Gradient descent");
            self.descent(&mut page)?;
        }

        page.section("Reproduce");
        self.again(&mut page);
        Ok(page.html())
    }
}
