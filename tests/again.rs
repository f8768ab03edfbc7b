//! The commands in a model's `training` make it again: the same weights, to the last bit.

use serde_json::Value;

use crate::workdir::Workdir;

fn model(folder: &Workdir, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.path(name)).unwrap()).unwrap()
}

/// The commands in the model, as their words.
fn commands(model: &Value) -> Vec<Vec<String>> {
    let commands: Vec<String> = serde_json::from_value(model["training"]["commands"].clone()).unwrap();
    commands.iter().map(|command| shlex::split(command).unwrap()).collect()
}

/// Runs the commands of `model` in a folder with the same `files`, and compares what the last one writes.
fn assert_made_again(model: &Value, files: &[(&str, String)], name: &str) {
    let folder = Workdir::new();
    files.iter().for_each(|(name, text)| folder.write(name, text));
    for words in commands(model) {
        let output = folder.command(&words[0]).args(&words[1..]).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let again = self::model(&folder, name);
    // With folds, errors are summed in another order.
    let keys = if name == "folds.json" { &["weights", "bias"][..] } else { &["weights", "bias", "state", "training"] };
    for key in keys {
        assert_eq!(again[key], model[key], "{key} of {:?}", commands(model));
    }
}

/// Options that no other key of the model holds, names that a shell would take apart, and what is found out by itself.
#[test]
fn a_model_holds_the_command_that_makes_it_again() {
    let table = "a b,it's,\u{3b8} [m],y\n1,2,3,4\n2,1,NA,5\n4,4,1,2\n3,7,2,1\n5,1,1,7\n2,2,2,2\n9,1,4,4\n".to_owned();
    let files = [("my rows.csv", table)];
    let data = ["train", "--data", "my rows.csv", "-q", "--out", "m.json", "--missing", "mean"];
    let ways: [&[&str]; 7] = [
        &["--momentum", "0.9", "--nesterov", "--standardize", "--epochs", "30"],
        &["--optimizer=adam", "--beta1=0.8", "--amsgrad", "--lr=0.1", "--schedule", "step:9:0.5", "--epochs", "40"],
        &["--batch-size", "2", "--shuffle", "--seed", "5", "--lr", "1e-3", "--epochs", "20"],
        &["--validation", "0.3", "--split-seed", "2", "--patience", "3", "--standardize", "--epochs", "500"],
        &["--solver", "qr", "--features", "it's,\u{3b8} [m]", "--poly", "it's:2", "--l2", "0.5"],
        &["--target", "a b", "--ignore", "y", "--init", "torch-linear", "--tolerance", "1e-3"],
        &["--no-bias", "--threads", "3", "--reduction", "sum", "--weight-decay", "1e-3", "--lr", "1e-4"],
    ];
    for way in ways {
        let folder = Workdir::new();
        files.iter().for_each(|(name, text)| folder.write(name, text));
        let output = folder.command("linreg").args(data).args(way).output().unwrap();
        assert!(output.status.success(), "{way:?}: {}", String::from_utf8_lossy(&output.stderr));
        let model = model(&folder, "m.json");
        assert_eq!(commands(&model), [[&["linreg"], &data[..], way].concat()]);
        assert_made_again(&model, &files, "m.json");
    }
}

/// A model that goes on from itself remembers how it began.
#[test]
fn a_chain_of_trainings_is_made_again_from_its_beginning() {
    let folder = Workdir::new();
    for way in [
        "--target apples,oranges --seed 4 --epochs 20 --lr 1e-5 --momentum 0.5",
        "--init m.json --epochs 30 --lr 1e-5 --momentum 0.5",
        "--init m.json --epochs 10 --lr 2e-5",
    ] {
        let output = folder.linreg(&format!("train --data data/fruits.csv -q --out m.json {way}"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let model = model(&folder, "m.json");
    assert_eq!(commands(&model).len(), 3);
    assert_made_again(&model, &[], "m.json");
}

/// The training that a sweep found best.
#[test]
fn a_sweep_records_the_training_of_its_best_model() {
    for grid in [
        "--lr 1e-6,1e-5 --l2 0,0.1 --epochs 100,300",
        "--validation 0.4 --split-seed 3 --lr 1e-5 --seed 1..4 --epochs 50",
        "--standardize true,false --optimizer adam,sgd --epochs 40 --sort mse",
        "--solver qr --l2 0,1e-3 --folds 2 --split-seed 1",
    ] {
        let folder = Workdir::new();
        let name = if grid.contains("--folds") { "folds.json" } else { "best.json" };
        let sweep = format!("sweep --data data/fruits.csv --target apples,oranges {grid} --out {name}");
        let output = folder.linreg(&sweep);
        assert!(output.status.success(), "{sweep}: {}", String::from_utf8_lossy(&output.stderr));
        let model = model(&folder, name);
        let told = String::from_utf8(output.stderr).unwrap();
        let told = told.lines().find_map(|line| line.strip_prefix("best: ")).unwrap().to_owned();
        assert_eq!(commands(&model)[0], shlex::split(&format!("{told} --out {name}")).unwrap());
        assert_made_again(&model, &[], name);
    }
}

/// Where Ctrl-C ended it, the command ends by itself.
#[cfg(unix)]
#[test]
fn a_run_that_was_interrupted_is_made_again_as_far_as_it_came() {
    for way in ["--lr 1e-5 --out m.json", "--lr 1e-5 --validation 0.4 --patience 1000000000 --out m.json"] {
        let folder = Workdir::new();
        let train = "train --data data/fruits.csv --target apples,oranges --epochs 2000000000 --log-every 1000";
        let mut child = folder
            .command("linreg")
            .args(format!("{train} {way}").split(' '))
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // It is at work when it has printed.
        let mut first = [0; 1];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        std::io::Read::read_to_end(child.stdout.as_mut().unwrap(), &mut Vec::new()).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));

        let model = model(&folder, "m.json");
        assert_eq!(model["training"]["stop"], "interrupted");
        let words = commands(&model).remove(0);
        let epochs = model["training"]["epochs_run"].as_u64().unwrap();
        assert!(words.join(" ").ends_with(&format!("--epochs {epochs}")) || way.contains("patience"), "{words:?}");
        let again = Workdir::new();
        assert!(again.command(&words[0]).args(&words[1..]).output().unwrap().status.success());
        let again = self::model(&again, "m.json");
        assert_eq!((&again["weights"], &again["bias"]), (&model["weights"], &model["bias"]), "{words:?}");
    }
}

/// The page has the commands as a shell takes them, and still reads models without any.
#[test]
fn the_report_shows_the_commands() {
    let folder = Workdir::new();
    folder.write("it's.csv", "x,y\n1,2\n2,3\n3,5\n");
    let train = "linreg train --data \"it's.csv\" -q --optimizer adam --lr 0.1 --epochs 9 --out";
    assert!(!folder.shell(&format!("{train} a.json && {train} b.json --init a.json")).contains("[exit"));
    let report = |model: &str| {
        let told = folder.shell(&format!("linreg report --model {model} --data \"it's.csv\" --out page.html"));
        assert_eq!(told, "");
        std::fs::read_to_string(folder.path("page.html")).unwrap()
    };
    let page = report("b.json").replace("&#39;", "'").replace("&quot;", "\"");
    let shown = model(&folder, "b.json")["training"]["commands"].clone();
    let shown: Vec<String> = serde_json::from_value(shown).unwrap();
    assert_eq!(shown.len(), 2);
    assert!(shown.iter().all(|command| page.contains(command.as_str())), "{shown:?}\n{page}");
    assert!(
        page.contains("by these commands, in this order")
            && page.contains(concat!("linreg ", env!("CARGO_PKG_VERSION")))
    );

    let mut old = model(&folder, "a.json");
    let training = old["training"].as_object_mut().unwrap();
    assert!(training.remove("commands").is_some() && training.remove("program").is_some());
    folder.write("old.json", &old.to_string());
    assert!(report("old.json").contains("gradient descent (adam)"));
    let next = folder.shell(&format!("{train} c.json --init old.json"));
    assert!(!next.contains("[exit"), "{next}");
    assert!(report("c.json").contains("continues from the weights in old.json"));
}
