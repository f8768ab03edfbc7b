//! What pictures hold, by their structure: the words, and a mark for every value.

use super::charts::{self, Coefficients, Diagnostic, FeatureCurve, Pairs, Run, Weight};
use super::*;

fn drawn(figure: &Figure) -> String {
    svg(figure, Paper { width: 720.0, height: None, theme: Theme::Auto }, Place::File).unwrap()
}

fn count(text: &str, what: &str) -> usize {
    text.matches(what).count()
}

/// The strings of a picture, in order.
fn texts(svg: &str) -> Vec<String> {
    let texts = svg.split("<text ").skip(1);
    texts.map(|text| text.split_once(">\n").unwrap().1.split("</text>").next().unwrap().to_owned()).collect()
}

fn plain(figure: &Figure) -> String {
    terminal(figure, Screen { width: 60, height: Some(12), is_rich: false })
}

fn run(name: &str, losses: impl Iterator<Item = f64>) -> Run {
    let mut run = Run { name: name.to_owned(), ..Run::default() };
    (0..).zip(losses).for_each(|(epoch, loss)| run.training.push(epoch, loss));
    run
}

fn pairs(rows: usize) -> Pairs {
    let pair = |i: usize| [i as f64, i as f64 + if i.is_multiple_of(2) { 0.5 } else { -0.5 }];
    Pairs { name: "yield <t>".to_owned(), pairs: (0..rows).map(pair).collect(), ..Pairs::default() }
}

#[test]
fn a_loss_has_its_axes_its_legend_and_the_optimum() {
    let falls = run("run.csv", (0..500).map(|i| 1e4 * 0.97f64.powi(i)));
    let figure = charts::loss(&[falls], Some(0.25), Scale::Log);
    let picture = drawn(&figure);
    let texts = texts(&picture);
    for text in ["Loss by epoch", "minimum, 0.25", "run.csv", "epoch", "mean squared error (logarithmic)"] {
        assert!(texts.iter().any(|seen| seen == text), "{text}: {texts:?}");
    }
    for tick in ["1", "100", "10,000", "0", "200", "400"] {
        assert!(texts.iter().any(|seen| seen == tick), "{tick}: {texts:?}");
    }
    let line = picture.lines().filter(|line| line.starts_with("<polyline")).map(|line| count(line, ",")).max();
    assert_eq!(line, Some(500), "a place for each epoch");
    assert!(picture.contains("<title id=\"picture-title\">Loss by epoch</title>"));
    assert!(picture.contains("run.csv: a line from 10000.0 at 0.0 to "), "{}", figure.described());
    assert!(picture.contains("prefers-color-scheme: dark"));
}

#[test]
fn a_run_that_diverges_ends_with_a_cross_and_hides_no_other() {
    let grows = run("grows", (0..100).map(|i| 10f64.powi(3 * i)));
    let falls = run("falls", (0..100).map(|i| 0.9f64.powi(i)));
    let figure = charts::loss(&[grows, falls], None, Scale::Log);
    let crosses = figure.panels[0].series.iter().filter(|series| matches!(series.mark, Mark::Cross(_)));
    let names: Vec<&str> = crosses.map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["diverges: 1e297 at epoch 99"]);
    assert!(!plain(&figure).contains("1e200"), "{}", plain(&figure));
    assert!(plain(&figure).contains('X'));

    let mut ends = run("ends", [1.0, 5.0].into_iter());
    ends.training.push(2, f64::INFINITY);
    assert!(plain(&charts::loss(&[ends], None, Scale::Log)).contains("diverges: not finite at epoch 2"));
}

#[test]
fn no_two_of_eighteen_runs_look_alike() {
    let runs: Vec<Run> = (0..18).map(|i| run(&i.to_string(), [2.0, 1.0].into_iter())).collect();
    let held_out = |mut run: Run| {
        run.validation = Some(run.training.clone());
        run
    };
    let figure = charts::loss(&runs.into_iter().map(held_out).collect::<Vec<_>>(), None, Scale::Linear);
    let look = |series: &Series| match (series.colour, &series.mark) {
        (Colour::Of(i), Mark::Line(_, stroke)) => (i % 6, format!("{stroke:?}")),
        _ => panic!("{series:?}"),
    };
    let looks: std::collections::BTreeSet<_> = figure.panels[0].series.iter().map(look).collect();
    assert_eq!((looks.len(), figure.remarks.len()), (36, 0));
    assert_eq!(figure.panels[0].y.label, "mean squared error");
}

#[test]
fn rows_are_dots_and_names_cannot_break_the_picture() {
    let figure = charts::fit(&[pairs(40)], &["40 rows".to_owned()]);
    let picture = drawn(&figure);
    // One more in the legend.
    assert_eq!(count(&picture, "<circle "), 40 + 1);
    assert!(picture.contains("yield &lt;t&gt;, predicted") && !picture.contains("<t>"));
    let curve = FeatureCurve {
        feature: "x".to_owned(),
        values: (0..40).map(f64::from).collect(),
        line: vec![[0.0, 0.0], [39.0, 39.0]],
        ..FeatureCurve::default()
    };
    let over = charts::fit(&[Pairs { curve: Some(curve), ..pairs(40) }], &[]);
    assert_eq!((over.title.as_str(), over.panels[0].x.label.as_str()), ("Rows and model", "x"));
    assert_eq!(count(&drawn(&over), "<circle "), 40 + 1);
    let left = Diagnostic::Residuals.draw(&[pairs(40)], &[]);
    let cloud = FeatureCurve { feature: "x".to_owned(), values: vec![1.0; 400], ..FeatureCurve::default() };
    let behind = charts::fit(&[Pairs { curve: Some(cloud), ..pairs(400) }], &[]);
    assert_eq!(behind.panels[0].series[0].name, "rows", "a line in front of a cloud");
    let Mark::Points(points) = &left.panels[0].series[1].mark else { panic!("{left:?}") };
    assert_eq!((points[0], points[1]), ([0.5, -0.5], [0.5, 0.5]), "over the prediction");
}

#[test]
fn coefficients_are_intervals_where_there_are_such() {
    let weight = |name: &str, value: f64, limits| Weight { name: name.to_owned(), value, limits, block: None };
    let of = |weights, bias| [Coefficients { target: "y".to_owned(), weights, bias }];
    let level = Weight { block: Some("sky (reference: blue)".to_owned()), ..weight("grey", 1.0, Some([0.5, 1.5])) };
    let known = vec![weight("temp", 1.5, Some([1.0, 2.0])), level];
    let bias = weight("bias", 30.0, Some([20.0, 40.0]));
    let figure = charts::coefficients(&of(known, Some(bias)), "units", Vec::new());
    assert_eq!(figure.remarks, ["bias (the intercept), not drawn: 30 (20 to 40)"]);
    assert!(figure.described().contains("temp 1.5 (1.0 to 2.0), grey 1.0 (0.5 to 1.5)"), "{}", figure.described());
    assert_eq!(count(&drawn(&figure), "<circle "), 2 + 1);
    let Scale::Names(names) = &figure.panels[0].y.scale else { panic!("{figure:?}") };
    assert_eq!(names[..], ["grey", "sky (reference: blue)", "temp"], "from the bottom");
    let bare = vec![weight("temp", 1.5, None), weight("rain", -0.5, None)];
    let figure = charts::coefficients(&of(bare, None), "units", Vec::new());
    // The paper, the two bars and the one in the legend.
    assert_eq!(count(&drawn(&figure), "<rect "), 1 + 2 + 1);
    let lines = plain(&figure);
    assert!(lines.find("temp |").unwrap() < lines.find("rain |").unwrap(), "the first stands on top\n{lines}");
}

#[test]
fn a_png_is_a_png_of_twice_the_width_and_dark_where_asked_for() {
    for (theme, paper) in [(Theme::Light, [0xff; 3]), (Theme::Dark, [0x14, 0x18, 0x1d])] {
        let bytes = png(&charts::fit(&[pairs(9)], &[]), Paper { width: 300.0, height: None, theme }).unwrap();
        let mut reader = ::png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        assert_eq!(reader.next_frame(&mut pixels).unwrap().width, 600);
        assert_eq!(pixels[..3], paper);
        let unlike = pixels.chunks(3).filter(|pixel| *pixel != paper).count();
        assert!(unlike > 2000, "{unlike} pixels are not paper");
    }
}

#[test]
fn no_picture_panics_on_numbers_at_the_edge() {
    for value in [0.0, 1.0, -1e308, 1e308, 1e-320, f64::MIN_POSITIVE] {
        let rows = Pairs { name: String::new(), pairs: vec![[value, -value], [-value, value]], ..Pairs::default() };
        for figure in [charts::fit(std::slice::from_ref(&rows), &[]), Diagnostic::Residuals.draw(&[rows], &[])] {
            assert!(drawn(&figure).len() > 1000);
            assert!(plain(&figure).len() > 100);
        }
        let figure = charts::loss(&[run("a", [value, value].into_iter())], Some(value), Scale::Log);
        assert!(drawn(&figure).len() > 1000 && plain(&figure).len() > 100);
    }
}

#[test]
fn braille_has_a_dot_for_every_place() {
    let points = Mark::Points((0..50).map(|i| [f64::from(i), f64::from(i)]).collect());
    let axis = Axis { label: "x".to_owned(), scale: Scale::Linear };
    let series = vec![Series { name: String::new(), colour: Colour::Of(0), mark: points }];
    let panel = Panel { title: None, x: axis.clone(), y: axis, series };
    let figure = Figure { title: "t".to_owned(), remarks: Vec::new(), panels: vec![panel] };
    let text = terminal(&figure, Screen { width: 90, height: Some(20), is_rich: true });
    let dots: u32 =
        text.chars().filter(|c| ('\u{2800}'..='\u{28ff}').contains(c)).map(|c| (c as u32 - 0x2800).count_ones()).sum();
    assert_eq!(dots, 50);
}
