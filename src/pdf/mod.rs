//! Documents for printing: Typst sets what `templates/pdf/` describes.
//!
//! A template gets its content as data, which is never markup, and reaches nothing else: no file,
//! no network, no date. So the same data always make the same bytes. Every document is a PDF/UA-1:
//! it has a title and a language, and its tables mark their heading cells; a document that lacks
//! them is an error.
//!
//! A page or two takes about twenty milliseconds of a core. A few threads do all of it. When their
//! queue is full, the answer is [`PrintError::Busy`] at once.

mod error;
mod fonts;
mod glyphs;
mod press;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;

pub use self::error::PrintError;
use self::fonts::Faces;
pub use self::fonts::FontError;
use self::press::{Press, embedded};
use crate::config::PdfSettings;

/// Layout recurses deeply, most of all in a build that isn't optimised.
const STACK: usize = 16 << 20;

/// Typesets documents. Make it once: it reads about forty megabytes of fonts.
#[derive(Clone)]
pub struct Printer {
    jobs: SyncSender<PrintJob>,
}

struct PrintJob {
    template: &'static str,
    data: Value,
    answer: oneshot::Sender<Result<Vec<u8>, PrintError>>,
}

impl Printer {
    /// Reads fonts and templates and starts the threads.
    ///
    /// # Errors
    /// Fails if a font is missing.
    pub fn new(settings: &PdfSettings) -> Result<Self, FontError> {
        let faces = Faces::load(&settings.fonts)?;
        Ok(Self::start(Press::new(faces, &embedded()), settings.at_once, settings.queue))
    }

    fn start(press: Press, threads: usize, queue: usize) -> Self {
        let (jobs, queue) = sync_channel(queue.max(1));
        let (press, queue) = (Arc::new(press), Arc::new(Mutex::new(queue)));
        for number in 0..threads.max(1) {
            let (press, queue) = (press.clone(), queue.clone());
            std::thread::Builder::new()
                .name(format!("typesetting-{number}"))
                .stack_size(STACK)
                .spawn(move || work(&press, &queue))
                .expect("a thread can be started");
        }
        Self { jobs }
    }

    /// Makes a PDF of `templates/pdf/<template>.typ` with the data. Characters that the fonts lack
    /// are shown as 〓.
    ///
    /// # Errors
    /// Returns [`PrintError::Busy`] if the queue is full; try again later. No error says anything
    /// of the data.
    pub async fn print(
        &self,
        template: &'static str,
        data: &impl Serialize,
    ) -> Result<Vec<u8>, PrintError> {
        let data = serde_json::to_value(data)?;
        let (answer, waiting) = oneshot::channel();
        self.jobs.try_send(PrintJob { template, data, answer }).map_err(|error| match error {
            TrySendError::Full(_) => PrintError::Busy,
            TrySendError::Disconnected(_) => PrintError::Stopped,
        })?;
        waiting.await.map_err(|_| PrintError::Stopped)?
    }
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Printer(…)")
    }
}

fn work(press: &Press, queue: &Mutex<Receiver<PrintJob>>) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(PrintJob { template, data, answer }) = job else { return };
        if answer.is_closed() {
            // The caller is gone.
            continue;
        }
        let printed = guarded(|| press.print(template, data));
        // Typst caches every paragraph, but the next document has others.
        typst::comemo::evict(0);
        let _ = answer.send(printed);
    }
}

/// Turns a panic into an error, so that one bad document doesn't end the thread.
fn guarded(print: impl FnOnce() -> Result<Vec<u8>, PrintError>) -> Result<Vec<u8>, PrintError> {
    catch_unwind(AssertUnwindSafe(print)).unwrap_or(Err(PrintError::Panicked))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::fonts::tests::faces;
    use super::*;

    fn printer(queue: usize) -> Printer {
        let plain = "#set document(title: \"題名\")\n\
                     #set text(font: \"Noto Sans CJK JP\", lang: \"ja\")\n\
                     #for word in json(\"data.json\").words [#word ]";
        let templates = BTreeMap::from([("plain.typ".to_owned(), plain.to_owned())]);
        Printer::start(Press::new(faces(), &templates), 1, queue)
    }

    #[tokio::test]
    async fn the_same_data_make_the_same_bytes() {
        let printer = printer(8);
        let words = json!({ "words": ["医療費", "明細"] });
        let pdf = printer.print("plain", &words).await.unwrap();
        assert!(pdf.starts_with(b"%PDF-1.7"));
        assert_eq!(pdf, printer.print("plain", &words).await.unwrap());
        let others = json!({ "words": ["医療費", "明紬"] });
        assert_ne!(pdf, printer.print("plain", &others).await.unwrap());
    }

    #[tokio::test]
    async fn what_can_not_be_set_is_an_error_and_the_next_is_set() {
        let printer = printer(8);
        let error = printer.print("ornate", &json!({})).await.unwrap_err();
        assert_eq!(error.to_string(), "there is no template ornate");
        let error = printer.print("plain", &json!({ "word": "健保太郎" })).await.unwrap_err();
        let told = error.to_string();
        assert!(told.starts_with("typesetting plain: plain.typ:3: "), "{told}");
        assert!(!told.contains("健保太郎"), "{told}");
        printer.print("plain", &json!({ "words": [] })).await.unwrap();
        assert!(matches!(guarded(|| panic!("on purpose")), Err(PrintError::Panicked)));
    }

    #[tokio::test]
    async fn a_flood_is_turned_away_at_once() {
        let printer = printer(1);
        let crowd = (0..8).map(|_| {
            tokio::spawn({
                let printer = printer.clone();
                async move { printer.print("plain", &json!({ "words": ["医療費"] })).await }
            })
        });
        let mut busy = 0;
        for person in crowd.collect::<Vec<_>>() {
            busy += usize::from(matches!(person.await.unwrap(), Err(PrintError::Busy)));
        }
        assert!(busy >= 5, "{busy} of 8 were turned away");
    }
}
