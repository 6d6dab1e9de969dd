//! Asks before changes that can't be taken back (O1, O2).

use std::io::{self, BufRead, IsTerminal as _, Write};

use super::CommandStatus;
use super::interrupt::EndingInterrupt;
use crate::base::japanese::fold;
use crate::jobs::consent::{Consent, ConsentOutcome};

const CHANGED: &str =
    "確認のあいだに内容が変わりました。何も変えていません。もう一度実行してください";

/// The result of asking.
pub(in crate::cli) enum Answer<T> {
    /// The work's result, to be committed.
    Yes(T),
    /// Nothing was changed, and the operator was told so.
    No(CommandStatus),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reply {
    Yes,
    No,
    /// There is no terminal, so nobody could be asked.
    Nobody,
}

impl Reply {
    /// Returns the command's result, or `None` after a yes.
    const fn refusal(self) -> Option<CommandStatus> {
        match self {
            Self::Yes => None,
            Self::No => Some(CommandStatus::Failed),
            Self::Nobody => Some(CommandStatus::Unconfirmed),
        }
    }
}

/// Does some work, shows what it affects, and asks whether to commit it. While the person thinks, nothing
/// of `work` stays open: it is dropped before the question and done again after it. The second result must
/// equal the first one by `T`'s `==`, which leaves out numbers that only describe (people, sessions), since
/// those change meanwhile. If `touches` returns no line, or with `yes`, nobody is asked.
pub(in crate::cli) async fn confirmed<T: PartialEq, R, E: From<io::Error>>(
    yes: bool,
    touches: impl FnOnce(&T) -> Vec<String>,
    work: impl AsyncFnMut() -> Result<(T, R), E>,
) -> Result<Answer<(T, R)>, E> {
    confirmed_by(ask_at_the_terminal, yes, touches, work).await
}

/// Does what [`confirmed`] does for a job. The job is run again with the person's consent to the result that it would
/// have.
pub(in crate::cli) async fn agreed<T, E: From<io::Error>>(
    yes: bool,
    touches: impl FnOnce(&T) -> Vec<String>,
    mut run: impl AsyncFnMut(Consent<T>) -> Result<ConsentOutcome<T>, E>,
) -> Result<Answer<T>, E> {
    let shown = match run(if yes { Consent::ToAnything } else { Consent::None }).await? {
        ConsentOutcome::Done(outcome) => return Ok(Answer::Yes(outcome)),
        ConsentOutcome::NeedsConsent(outcome) => outcome,
    };
    if let Some(outcome) = ask_at_the_terminal(&touches(&shown))?.refusal() {
        return Ok(Answer::No(outcome));
    }
    match run(Consent::To(shown)).await? {
        ConsentOutcome::Done(outcome) => Ok(Answer::Yes(outcome)),
        ConsentOutcome::NeedsConsent(_) => {
            eprintln!("{CHANGED}");
            Ok(Answer::No(CommandStatus::Failed))
        }
    }
}

async fn confirmed_by<T: PartialEq, R, E: From<io::Error>>(
    ask: impl FnOnce(&[String]) -> io::Result<Reply>,
    yes: bool,
    touches: impl FnOnce(&T) -> Vec<String>,
    mut work: impl AsyncFnMut() -> Result<(T, R), E>,
) -> Result<Answer<(T, R)>, E> {
    let (shown, undone) = work().await?;
    let touched = touches(&shown);
    if yes || touched.is_empty() {
        return Ok(Answer::Yes((shown, undone)));
    }
    drop(undone);
    if let Some(outcome) = ask(&touched)?.refusal() {
        return Ok(Answer::No(outcome));
    }
    let (now, done) = work().await?;
    if now != shown {
        eprintln!("{CHANGED}");
        return Ok(Answer::No(CommandStatus::Failed));
    }
    Ok(Answer::Yes((now, done)))
}

fn ask_at_the_terminal(touched: &[String]) -> io::Result<Reply> {
    let _ending = EndingInterrupt::set();
    let stdin = io::stdin();
    let person = stdin.is_terminal().then(|| stdin.lock());
    ask(touched, person, &mut io::stderr())
}

fn ask(
    touched: &[String],
    person: Option<impl BufRead>,
    screen: &mut impl Write,
) -> io::Result<Reply> {
    for line in touched {
        writeln!(screen, "{line}")?;
    }
    let Some(mut person) = person else {
        writeln!(
            screen,
            "確認が必要なため、何も変えていません。実行するには --yes を付けてください"
        )?;
        return Ok(Reply::Nobody);
    };
    loop {
        write!(screen, "実行しますか？ [y/N] ")?;
        screen.flush()?;
        let mut line = String::new();
        let ended = person.read_line(&mut line)? == 0;
        match fold(&line).to_lowercase().as_str() {
            "y" | "yes" | "はい" => return Ok(Reply::Yes),
            "" | "n" | "no" | "いいえ" => {
                writeln!(screen, "{}何も変えていません", if ended { "\n" } else { "" })?;
                return Ok(Reply::No);
            }
            _ => writeln!(screen, "y または n を入力してください")?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(typed: Option<&str>) -> (Reply, String) {
        let mut screen = Vec::new();
        let consent = ask(&["3件".to_owned()], typed.map(str::as_bytes), &mut screen).unwrap();
        (consent, String::from_utf8(screen).unwrap())
    }

    #[test]
    fn o2_a_person_at_a_terminal_is_asked_and_only_a_yes_is_a_yes() {
        for (typed, consent) in [
            ("y\n", Reply::Yes),
            ("ＹＥＳ\n", Reply::Yes),
            ("はい\n", Reply::Yes),
            ("なに\ny\n", Reply::Yes),
            ("n\n", Reply::No),
            ("いいえ\n", Reply::No),
            ("\n", Reply::No),
            ("", Reply::No),
            ("なに\n", Reply::No),
        ] {
            let (answer, screen) = answered(Some(typed));
            assert_eq!(answer, consent, "{typed:?}");
            assert!(screen.starts_with("3件\n実行しますか？"), "{screen}");
            assert_eq!(screen.contains("何も変えていません"), consent == Reply::No);
        }
    }

    #[test]
    fn o2_without_a_terminal_nothing_happens_and_the_way_is_told() {
        let (answer, screen) = answered(None);
        assert_eq!(answer, Reply::Nobody);
        assert!(screen.starts_with("3件\n") && screen.contains("--yes"), "{screen}");
    }

    /// Does work whose result grows by `step` each time, asks a person, and returns how often the work was done.
    async fn asked(typed: &str, yes: bool, step: i32) -> (Answer<(i32, ())>, i32) {
        let mut runs = 0;
        let ask = |touched: &[String]| ask(touched, Some(typed.as_bytes()), &mut Vec::new());
        let touches = |count: &i32| vec![format!("{count}件")];
        let answer = confirmed_by(ask, yes, touches, async || {
            runs += 1;
            Ok::<_, io::Error>((3 + step * runs, ()))
        });
        (answer.await.unwrap(), runs)
    }

    #[tokio::test]
    async fn o2_what_is_kept_is_what_was_shown() {
        assert!(matches!(asked("", true, 0).await, (Answer::Yes((3, ())), 1)), "nobody is asked");
        assert!(matches!(asked("y", false, 0).await, (Answer::Yes((3, ())), 2)));
        assert!(matches!(asked("n", false, 0).await, (Answer::No(CommandStatus::Failed), 1)));
        let changed = asked("y", false, 1).await;
        assert!(matches!(changed, (Answer::No(CommandStatus::Failed), 2)), "it changed meanwhile");
    }
}
