//! Reads unions' files for a command, and prints what is wrong with them.

use std::path::{Path, PathBuf};

use crate::cli::{files, told};
use crate::tenant::file::{self, problem};
use crate::tenant::hosts;
use crate::tenant::policy::{TenantConfig, contact};

/// A mistake in a file.
pub(super) struct FileMistake {
    pub(super) file: String,
    pub(super) problem: problem::Problem,
}

/// Reads files, or returns all their mistakes.
pub(super) fn look(files: &[PathBuf]) -> Result<Vec<TenantConfig>, Vec<FileMistake>> {
    let (mut configs, mut texts, mut mistakes) = (Vec::new(), Vec::new(), Vec::new());
    for path in files {
        let text = files::text(path).unwrap_or_else(|error| Err(told::error(&error)));
        let problems = match text {
            Ok(text) => match file::parse(&text) {
                Ok(config) => {
                    configs.push(config);
                    texts.push((path.display().to_string(), text));
                    continue;
                }
                Err(problems) => problems,
            },
            Err(message) => {
                vec![problem::Problem {
                    line: None,
                    path: String::new(),
                    message,
                    suggestion: None,
                }]
            }
        };
        let file = path.display().to_string();
        mistakes.extend(
            problems.into_iter().map(|problem| FileMistake { file: file.clone(), problem }),
        );
    }
    for clash in hosts::clashes(configs.iter().map(|config| (&config.slug, &config.hosts))) {
        let (file, text) = &texts[clash.index];
        let problem = problem::Problem {
            line: file::line_of_setting(text, clash.path),
            path: clash.path.to_owned(),
            message: format!("ホスト名「{}」は組合「{}」が使っています", clash.label, clash.holder),
            suggestion: None,
        };
        mistakes.push(FileMistake { file: file.clone(), problem });
    }
    if mistakes.is_empty() { Ok(configs) } else { Err(mistakes) }
}

/// Reads files. If any has a mistake, prints all mistakes and returns `None`.
pub(super) fn read(files: &[PathBuf]) -> Option<Vec<TenantConfig>> {
    match look(files) {
        Ok(configs) => Some(configs),
        Err(mistakes) => {
            for FileMistake { file, problem } in &mistakes {
                let line = problem.line.map(|line| format!("{line}:")).unwrap_or_default();
                eprintln!("{file}:{line} {problem}");
            }
            eprintln!("誤りが {} 件あります", mistakes.len());
            None
        }
    }
}

/// Prints what would leave a union's people without help.
pub(super) fn print_cautions(file: &Path, config: &TenantConfig) {
    for caution in contact::cautions(config) {
        eprintln!("{}: 注意: {caution}", file.display());
    }
}
