//! The layout of help: commands in groups, and in `-h` only the common options.

use clap::{Arg, Command};

/// The commands, grouped by purpose.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Fit", &["train", "sweep", "inspect"]),
    ("Use", &["predict", "evaluate", "export"]),
    ("Look", &["show", "plot", "report"]),
    ("Move data", &["summarize", "sql", "spark"]),
    ("Shell", &["completions", "man"]),
];

/// The options with headings that `-h` shows; `--help` shows all.
const NEEDED: [&str; 15] = [
    "files", "target", "features", "missing", "solver", "epochs", "lr", "out", "summary", "quiet", "folds", "sort",
    "append", "width", "theme",
];

/// The command line with this help.
pub fn arranged(command: Command) -> Command {
    let template = template(&command);
    command.help_template(template).mut_subcommands(|command| shortened(command, "linreg"))
}

/// The help of the program: about, usage, commands by group, options.
fn template(command: &Command) -> String {
    let head = command.get_styles().get_header();
    let literal = command.get_styles().get_literal();
    let mut text = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    for (group, names) in GROUPS {
        text += &format!("\n{head}{group}:{head:#}\n");
        for command in names.iter().filter_map(|name| command.find_subcommand(name)) {
            let (name, about) = (command.get_name(), command.get_about().map_or(String::new(), ToString::to_string));
            let aliases: Vec<&str> = command.get_visible_aliases().collect();
            let also = if aliases.is_empty() { String::new() } else { format!(" [alias: {}]", aliases.join(", ")) };
            text += &format!("  {literal}{name:<11}{literal:#}  {about}{also}\n");
        }
    }
    text + &format!("\n{head}Options:{head:#}\n{{options}}{{after-help}}")
}

/// The command, a subcommand of `above`, with a `-h` that shows only the common options and refers to `--help`.
fn shortened(command: Command, above: &str) -> Command {
    let is_rare = |arg: &Arg| arg.get_help_heading().is_some() && !NEEDED.contains(&arg.get_id().as_str());
    let has_more = command.get_arguments().any(is_rare) && command.get_after_help().is_none();
    let name = format!("{above} {}", command.get_name());
    let rest = format!("All options: {name} --help");
    let command = if has_more { command.after_help(rest) } else { command };
    let hidden = |arg: Arg| if is_rare(&arg) { arg.hide_short_help(true) } else { arg };
    command.mut_args(hidden).mut_subcommands(|inner| shortened(inner, &name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_command_is_in_one_group() {
        let command = Cli::command();
        let named: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let known: BTreeSet<&str> = command.get_subcommands().map(Command::get_name).collect();
        assert_eq!(named.iter().copied().collect::<BTreeSet<_>>(), known);
        assert_eq!(named.len(), known.len());
    }

    #[test]
    fn short_help_fits_a_screen() {
        let mut command = arranged(Cli::command()).term_width(80);
        command.build();
        let short = command.find_subcommand_mut("train").unwrap().render_help().to_string();
        assert!(short.lines().count() <= 30, "{short}");
        let main = command.render_help().to_string();
        assert!(main.contains("--solver qr"), "{main}");
        for line in short.lines().chain(main.lines()) {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}
