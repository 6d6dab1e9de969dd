//! The data for a tax return, with as many rows as one file holds, written and signed. Beside it is
//! the cost of the signature alone.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Context as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use chrono::NaiveDate;
use kosmo::base::money::Yen;
use kosmo::base::month::Month;
use kosmo::expenses::deduction::{Deduction, DeductionLine};
use kosmo::expenses::etax::{self, ROWS_A_FILE};
use kosmo::signing::SigningKey;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};

use crate::support::files::INSTITUTIONS;
use crate::support::meter::{median, ms};
use crate::support::stage::UNION;
use crate::support::table::{Table, grouped};
use crate::tell;

const TIMES: usize = 100;
const YEAR: i32 = 2025;

pub(crate) fn measure(table: &mut Table) -> anyhow::Result<()> {
    tell("a file for the tax return");
    let pair = KeyPair::generate_for(&PKCS_RSA_SHA256)?;
    let certificate = CertificateParams::default().self_signed(&pair)?;
    let pem = format!("{}{}", pair.serialize_pem(), certificate.pem());
    let key = SigningKey::parse(pem.as_bytes(), "").map_err(|error| anyhow::anyhow!("{error}"))?;
    let bare = rsa::KeyPair::from_pkcs8(pair.serialized_der()).map_err(anyhow::Error::msg)?;
    let deduction = deduction()?;
    let today = NaiveDate::from_ymd_opt(YEAR + 1, 2, 16).context("a day")?;
    let file =
        || etax::file(&deduction, &key, UNION, today).map_err(|error| anyhow::anyhow!("{error}"));
    let bytes = file()?.bytes;
    let mut signature = vec![0; bare.public_modulus_len()];
    let (mut files, mut signatures) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let began = Instant::now();
        black_box(file()?);
        files.push(began.elapsed());
        let began = Instant::now();
        bare.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &bytes, &mut signature)
            .map_err(anyhow::Error::msg)?;
        signatures.push(began.elapsed());
        black_box(&signature);
    }
    table.plain(
        &format!("signed XML of {} rows", grouped(ROWS_A_FILE as u64)),
        format!("{:.1} ms, {} kB", ms(median(files)), bytes.len() / 1000),
        format!("its SHA-256 and RSA-2048 alone: {:.1} ms", ms(median(signatures))),
    );
    Ok(())
}

/// Makes a year that fills the file.
fn deduction() -> anyhow::Result<Deduction> {
    let line = |(row, month): (usize, u32)| {
        anyhow::Ok(DeductionLine {
            treatment_month: Month::new(YEAR, 1 + month % 12).context("a month")?,
            patient: "ミホン　タロウ".to_owned(),
            institution: INSTITUTIONS[row % INSTITUTIONS.len()].to_owned(),
            paid: Yen(300 + i64::from(month) * 7_919 % 27_000),
            computed: false,
        })
    };
    Ok(Deduction {
        year: YEAR,
        insured: "ミホン　タロウ".to_owned(),
        insurer: "見本健康保険組合".to_owned(),
        lines: (0..ROWS_A_FILE).zip(0..).map(line).collect::<anyhow::Result<_>>()?,
        hides_somebody: false,
    })
}
