//! The file for e-Tax, checked by other programs (D1): `xmllint` against the tax agency's schema,
//! `xmlsec1` for its signature.

use std::fs;
use std::io::{Cursor, Read as _};
use std::path::PathBuf;
use std::process::{Command, Output};

use chrono::NaiveDate;
use kosmo::base::money::Yen;
use kosmo::base::month::Month;
use kosmo::config::SigningKeySettings;
use kosmo::expenses::deduction::{Deduction, DeductionLine};
use kosmo::expenses::etax::{self, EtaxFile, ROWS_A_FILE};
use kosmo::signing::SigningKey;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256};
use tempfile::TempDir;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/xsd/kyotsu/TEG700-001.xsd");

/// Makes a self-signed key with its certificate, as an operator names it in `signing.keys`. It is
/// valid from 2020 to the end of 2099.
pub fn key_pem(name: &str) -> String {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2100, 1, 1);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    format!("{}{}", key.serialize_pem(), params.self_signed(&key).unwrap().pem())
}

/// A union's key, and a folder for the files that it signed.
pub(crate) struct Desk {
    folder: TempDir,
    key: SigningKey,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let pem = key_pem("川崎汽船健康保険組合 見本");
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("key.pem"), &pem).unwrap();
        let begin = pem.find("-----BEGIN CERTIFICATE-----").unwrap();
        fs::write(folder.path().join("certificate.pem"), &pem[begin..]).unwrap();
        Self { folder, key: SigningKey::parse(pem.as_bytes(), "").unwrap() }
    }

    /// Returns the setting with which an operator names the key.
    pub(crate) fn setting(&self) -> SigningKeySettings {
        SigningKeySettings {
            tenant: "klinekenpo".to_owned(),
            file: self.folder.path().join("key.pem"),
            password_file: None,
        }
    }

    fn file(&self, lines: Vec<DeductionLine>) -> EtaxFile {
        let deduction = Deduction {
            year: 2025,
            insured: "ﾃｽﾄ ﾀﾛｳ".into(),
            insurer: "川崎汽船健康保険組合".into(),
            lines,
            hides_somebody: false,
        };
        let today = NaiveDate::from_ymd_opt(2026, 2, 16).unwrap();
        etax::file(&deduction, &self.key, "klinekenpo", today).unwrap()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn is_of_the_schema(&self, bytes: &[u8]) -> Result<(), String> {
        let file = self.write("form.xml", bytes);
        judge(Command::new("xmllint").args(["--nonet", "--noout", "--schema", SCHEMA]).arg(file))
    }

    pub(crate) fn is_signed(&self, bytes: &[u8]) -> Result<(), String> {
        let file = self.write("signed.xml", bytes);
        let certificate = self.folder.path().join("certificate.pem");
        let mut xmlsec = Command::new("xmlsec1");
        xmlsec.args(["--verify", "--id-attr:id", "TEG700", "--trusted-pem"]);
        judge(xmlsec.arg(certificate).arg(file))
    }
}

fn judge(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let Output { status, stderr, .. } = command
        .output()
        .unwrap_or_else(|error| panic!("infra/dev/setup.sh test brings {program}: {error}"));
    if status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&stderr).into_owned()) }
}

fn line(patient: &str, institution: &str) -> DeductionLine {
    DeductionLine {
        treatment_month: Month::new(2025, 1).unwrap(),
        patient: patient.into(),
        institution: institution.into(),
        paid: Yen(3_420),
        computed: false,
    }
}

#[test]
fn d1_the_tax_agencys_schema_and_another_verifier_accept_the_file() {
    let desk = Desk::new();
    let file = desk.file(vec![
        line("テスト タロウ", "サンプルクリニック"),
        line("ﾃｽﾄ ﾊﾅｺ", ""),
        line("𠮷野 外\u{E000}字", "㈱サンプル薬局　①号店"),
        line("]]></WBD00020><x>", "<!DOCTYPE a [<!ENTITY b \"c\">]>&b;&#0;\0\u{1}"),
    ]);
    desk.is_of_the_schema(&file.bytes).unwrap();
    desk.is_signed(&file.bytes).unwrap();
}

#[test]
fn d1_a_byte_changed_fails_the_verifier() {
    let desk = Desk::new();
    let xml = String::from_utf8(desk.file(vec![line("甲", "乙")]).bytes).unwrap();
    desk.is_signed(xml.as_bytes()).unwrap();
    for (from, to) in [("3420", "3421"), ("<gen:mm>1<", "<gen:mm>2<"), ("2026-02-16", "2026-02-17")]
    {
        let changed = xml.replacen(from, to, 1);
        assert_ne!(changed, xml, "{from}");
        desk.is_of_the_schema(changed.as_bytes()).unwrap();
        assert!(desk.is_signed(changed.as_bytes()).is_err(), "{from} became {to}");
    }
    let other = Desk::new();
    assert!(other.is_signed(xml.as_bytes()).is_err(), "another union's certificate");
}

#[test]
fn d1_each_of_several_files_is_whole() {
    let desk = Desk::new();
    let file = desk
        .file(vec![line("テスト タロウ", "サンプルクリニック"); ROWS_A_FILE + 1]);
    assert_eq!(file.content_type, "application/zip");
    let mut zip = zip::ZipArchive::new(Cursor::new(file.bytes)).unwrap();
    assert_eq!(zip.len(), 2);
    for place in 0..2 {
        let mut bytes = Vec::new();
        zip.by_index(place).unwrap().read_to_end(&mut bytes).unwrap();
        desk.is_of_the_schema(&bytes).unwrap();
        desk.is_signed(&bytes).unwrap();
    }
}

/// Every character in the data results in a file that the schema accepts.
#[test]
fn d1_no_character_makes_a_file_that_the_schema_refuses() {
    let desk = Desk::new();
    let everything: Vec<char> = ('\0'..='\u{2FFFF}').collect();
    let lines = everything.chunks(400).map(|run| line("甲", &String::from_iter(run))).collect();
    desk.is_of_the_schema(&desk.file(lines).bytes).unwrap();
}
