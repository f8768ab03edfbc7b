//! The numbers of `linreg report` are those of `evaluate` and `show`, its sections are in order, and its words are plain.

use crate::words::slips;
use crate::workdir::Workdir;

/// Two categories, a column of numbers, two targets.
fn rows() -> String {
    let mut text = "cut,tone,x,price,size\n".to_owned();
    for i in 0..60_u32 {
        let (cut, tone) = (["fair", "good", "ideal"][i as usize % 3], ["dark", "light"][i as usize % 2]);
        let noise = f64::from(i * 7919 % 101) / 50.0;
        let x = f64::from(i * 37 % 60);
        text += &format!("{cut},{tone},{x},{},{}\n", 3.0 * x + noise * f64::from(i % 3), x - noise);
    }
    text
}

/// The page of a model of `rows` that `train` makes.
fn page(folder: &Workdir, train: &str, report: &str) -> String {
    folder.write("rows.csv", &rows());
    let told = folder.shell(&format!(
        "linreg train rows.csv {train} -q --out m.json > printed && linreg report -m m.json rows.csv {report} --out page.html"
    ));
    assert!(!told.contains("[exit"), "{told}");
    let page = std::fs::read_to_string(folder.path("page.html")).unwrap();
    page.split_once("<main").unwrap().1.to_owned()
}

/// The text between tags.
fn text(html: &str) -> String {
    let parts = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    parts.collect::<String>().replace("&gt;", ">").replace("&lt;", "<").replace("&#39;", "'").replace("&quot;", "\"")
}

/// The cells of every row of its tables.
fn cells(page: &str) -> Vec<Vec<String>> {
    let rows = page.split("<tr>").skip(1).map(|row| row.split("</tr>").next().unwrap());
    rows.map(|row| row.split("<t").skip(1).map(|cell| text(&format!("<t{cell}"))).collect()).collect()
}

/// The headings, in order.
fn sections(page: &str) -> Vec<String> {
    let heads = page.split("<h2 ").skip(1).map(|head| text(&format!("<{}", head.split("</h2>").next().unwrap())));
    heads.collect()
}

/// The rows of coefficients that `show` prints; marks of small p are none of them.
fn shown(folder: &Workdir) -> Vec<Vec<String>> {
    let table = folder.shell("linreg show m.json --format markdown");
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let is_number = |cell: &&str| !cell.starts_with('*') && *cell != ".";
    let cells = |row: &str| row.replace('\\', "").split('|').map(str::trim).map(str::to_owned).collect::<Vec<_>>();
    rows.map(|row| cells(row)[1..].iter().map(String::as_str).filter(is_number).map(str::to_owned).collect()).collect()
}

#[test]
fn the_numbers_are_those_of_evaluate_and_show() {
    for train in ["-t price,size --solver qr", "-t price,size", "-t price --solver coordinate --l1 0.1"] {
        let folder = Workdir::new();
        let page = page(&folder, train, "");
        let (cells, verdict) = (cells(&page), text(page.split("class=\"lead\">").nth(1).unwrap()));
        let row = |name: &str, at: usize| {
            let rows = cells.iter().filter(|row| row[0] == name && row.len() == at);
            rows.map(|row| row[1..].iter().map(|cell| cell.parse::<f64>().unwrap()).collect())
                .collect::<Vec<Vec<f64>>>()
        };
        let known = &folder.json("evaluate -m m.json rows.csv --json")[0];
        for (target, metrics) in known["targets"].as_object().unwrap() {
            let keys = ["r2", "rmse", "mae", "max_error", "mse"];
            let known: Vec<f64> = keys.iter().map(|key| metrics[key].as_f64().unwrap()).collect();
            let found = &row(target, 6)[0];
            let is_close = found.iter().zip(&known).all(|(found, known)| (found - known).abs() <= 5e-6 * known.abs());
            assert!(is_close, "{train}: {target} {found:?} {known:?}");
            let is_first = verdict.contains(&format!("R² {}, RMSE {}", found[0], found[1]));
            assert!(is_first || target != "price", "{verdict}");
        }
        let shown: Vec<Vec<String>> = shown(&folder);
        let numbers = shown.iter().filter(|row| row[1].parse::<f64>().is_ok()).collect::<Vec<_>>();
        assert!(numbers.len() >= 5, "{shown:?}");
        for row in numbers {
            let trimmed = |row: &[String]| row.iter().filter(|cell| !cell.is_empty()).cloned().collect::<Vec<_>>();
            assert!(cells.iter().any(|cells| trimmed(cells) == trimmed(row)), "{train}: {row:?}\n{cells:?}");
        }
    }
}

#[test]
fn sections_are_in_order_and_categories_fold() {
    let folder = Workdir::new();
    let exact = page(&folder, "-t price --solver qr", "");
    assert_eq!(sections(&exact), ["Result", "Coefficients", "Residuals", "Data", "Reproduce"]);
    assert_eq!(exact.matches("<details>").count(), 2);
    let exact = text(&exact);
    for words in [
        "Evaluated on 60 rows from rows.csv. The model has 5 features made of 4 columns.",
        "2 levels compared with the reference level fair, estimates from ",
        "1 level compared with the reference level dark, estimate ",
        "fair (reference) 0.333",
    ] {
        assert!(exact.contains(words), "{words}\n{exact}");
    }
    let descent = page(&folder, "-t price --history h.csv", "--history h.csv");
    let known = ["Result", "Coefficients", "Residuals", "Data", "Gradient descent", "Reproduce"];
    assert_eq!(sections(&descent), known);
    assert!(text(&descent).contains("Loss by epoch") && text(&descent).contains("converged after"));
}

/// The minimum is that of the rows trained on, or it is called the minimum on these rows.
#[test]
fn the_minimum_is_of_the_rows_it_names() {
    let folder = Workdir::new();
    let same = text(&page(&folder, "-t price --solver qr", ""));
    assert!(same.contains(", at the minimum\n"), "{same}");
    let held_out = text(&page(&folder, "-t price --solver qr --validation 0.5", ""));
    assert!(held_out.contains(" the minimum mse on these rows\n"), "{held_out}");
    assert!(held_out.contains("RMSE on the validation rows of training: "));
}

#[test]
fn the_words_are_plain() {
    let folder = Workdir::new();
    for (train, report) in [
        ("-t price --missing mean --epochs 9 --lr 1e-4", ""),
        ("-t price,size --solver qr --poly x:2 --no-bias", ""),
        ("-t price --history h.csv --validation 0.2", "--history h.csv"),
    ] {
        let text = text(&page(&folder, train, report));
        assert_eq!(slips(&text), [], "{text}");
    }
}
