//! Help and errors of arguments, in Japanese: clap only has English.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, Error, Parser};

/// Reads the program's arguments. On an error or for help, it prints everything and returns the
/// exit code.
pub(in crate::cli) fn parse<C: Parser>() -> Result<C, ExitCode> {
    let matches = command::<C>().try_get_matches().map_err(|error| refuse(&error))?;
    C::from_arg_matches(&matches).map_err(|error| refuse(&error))
}

/// Builds every command, with help in Japanese.
pub(in crate::cli) fn command<C: Parser>() -> Command {
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
    let version = version.help("バージョンを表示します");
    let mut command = in_japanese(C::command()).arg(version);
    command.build();
    name_usage(&mut command);
    command
}

fn in_japanese(command: Command) -> Command {
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    let template = template(&command);
    command
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .help_template(template)
        .subcommand_value_name("コマンド")
        .mut_args(|arg| match arg.get_action().takes_values() {
            true => arg.hide_env(true).hide_default_value(true).hide_possible_values(true),
            false => arg,
        })
        .arg(help.help("この説明を表示します"))
        .mut_subcommands(in_japanese)
}

/// Writes headings only for the parts that a command has.
fn template(command: &Command) -> String {
    let mut template = "{about-with-newline}\n使い方: {usage}\n\n".to_owned();
    if command.has_subcommands() {
        template += "コマンド:\n{subcommands}\n\n";
    }
    if command.get_positionals().next().is_some() {
        template += "引数:\n{positionals}\n\n";
    }
    template + "オプション:\n{options}{after-help}\n"
}

/// Translates the line after 「使い方」, in which clap writes an English word.
fn name_usage(command: &mut Command) {
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().replace("[OPTIONS]", "[オプション]");
    *command = std::mem::take(command).override_usage(usage);
    command.get_subcommands_mut().for_each(name_usage);
}

/// Prints what clap reports, and returns the exit code.
fn refuse(error: &Error) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            print!("{}", error.render());
            ExitCode::SUCCESS
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            eprint!("{}", error.render());
            ExitCode::from(2)
        }
        _ => {
            eprintln!("kosmo: {}", told(error));
            if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
                let usage = usage.to_string();
                eprintln!("使い方: {}", usage.trim_start_matches("Usage:").trim());
            }
            eprintln!("くわしくは --help を付けて実行してください");
            ExitCode::from(2)
        }
    }
}

fn told(error: &Error) -> String {
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join("、"),
        Some(ContextValue::StyledStrs(texts)) => {
            texts.iter().map(ToString::to_string).collect::<Vec<_>>().join("、")
        }
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let maybe = |kind| match word(kind) {
        empty if empty.is_empty() => empty,
        text => format!("（もしかして: {text}）"),
    };
    let argument = word(ContextKind::InvalidArg);
    let value = word(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::InvalidSubcommand => format!(
            "「{}」というコマンドはありません{}",
            word(ContextKind::InvalidSubcommand),
            maybe(ContextKind::SuggestedSubcommand)
        ),
        ErrorKind::UnknownArgument => {
            format!("「{argument}」は使えません{}", maybe(ContextKind::SuggestedArg))
        }
        ErrorKind::MissingRequiredArgument => format!("{argument} を指定してください"),
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} に値がありません"),
        ErrorKind::InvalidValue => format!(
            "{argument} に「{value}」は指定できません（使えるもの: {}）",
            word(ContextKind::ValidValue)
        ),
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map(ToString::to_string);
            format!("{argument} の「{value}」: {}", reason.unwrap_or_default())
        }
        ErrorKind::ArgumentConflict if word(ContextKind::PriorArg) == argument => {
            format!("{argument} は1度だけ指定できます")
        }
        ErrorKind::ArgumentConflict => {
            format!("{argument} と {} は一緒に指定できません", word(ContextKind::PriorArg))
        }
        ErrorKind::MissingSubcommand => "コマンドを指定してください".to_owned(),
        ErrorKind::InvalidUtf8 => "UTF-8ではない文字があります".to_owned(),
        ErrorKind::NoEquals => format!("{argument} には = を付けて値を指定してください"),
        _ => format!("{argument} の値の数が違います"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command::Cli;

    /// Collects every command with the words that lead to it.
    fn all(command: &Command, path: &[String], found: &mut Vec<(Vec<String>, Command)>) {
        for sub in command.get_subcommands() {
            let path = [path, &[sub.get_name().to_owned()]].concat();
            found.push((path.clone(), sub.clone()));
            all(sub, &path, found);
        }
    }

    #[test]
    fn every_help_is_japanese_and_has_an_example() {
        let mut commands = vec![(Vec::new(), command::<Cli>())];
        all(&command::<Cli>(), &[], &mut commands);
        assert!(commands.len() > 30, "{}", commands.len());
        for (path, mut sub) in commands {
            let help = sub.render_help().to_string();
            let name = path.join(" ");
            for english in
                ["Usage", "Options", "Arguments", "Commands", "Print", "default", "possible"]
            {
                assert!(!help.contains(english), "{name}: {english}\n{help}");
            }
            assert!(help.contains(&format!("使い方: kosmo {name}")), "{help}");
            assert!(help.contains("例:\n  ") && help.contains("kosmo "), "{name}\n{help}");
            for arg in sub.get_arguments() {
                assert!(arg.get_help().is_some(), "{name}: {}", arg.get_id());
            }
        }
    }

    #[test]
    fn what_is_wrong_with_arguments_is_told_in_japanese() {
        for (line, words) in [
            ("kosmo tenent", "「tenent」というコマンドはありません（もしかして: tenant）"),
            ("kosmo tenant list --jsn", "「--jsn」は使えません（もしかして: --json）"),
            ("kosmo tenant show", "<SLUG> を指定してください"),
            ("kosmo tenant show x --at zwei", "「zwei」: 版の番号ではありません"),
            ("kosmo tenant show x --at", "--at <VERSION> に値がありません"),
            ("kosmo tenant show x --json --toml", "は一緒に指定できません"),
            ("kosmo tenant list --json --json", "--json は1度だけ指定できます"),
            ("kosmo completions cmd", "「cmd」は指定できません（使えるもの: bash"),
            ("kosmo terms publish --from 2027-04-01 x", "を指定してください"),
            ("kosmo terms publish --platform --from 明日 x", "「明日」: 日付ではありません"),
            ("kosmo mail retry --tenant x 1", "「1」: IDではありません"),
            ("kosmo maintenance cancel 1", "「1」: IDではありません"),
            ("kosmo members list --tenant x --limit 0", "「0」: 1〜65535の整数ではありません"),
        ] {
            let error = command::<Cli>().try_get_matches_from(line.split(' ')).unwrap_err();
            let told = told(&error);
            assert!(told.contains(words), "{line}: {told}");
        }
    }
}
