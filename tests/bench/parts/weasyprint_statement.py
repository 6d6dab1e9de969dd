"""A statement by WeasyPrint, again and again in one process: what the bench holds ours against.

    weasyprint_statement.py statement.json COUNT [statement.pdf]

The data are those of templates/pdf/statement.typ, and so are the paper, the font and what stands on it.
Stylesheet and fonts are kept from one time to the next. Tells the median as JSON.
"""

import html
import json
import statistics
import sys
import time

import weasyprint
from weasyprint.text.fonts import FontConfiguration

WARM_UP = 2
STYLE = """
@page {
  size: A4 landscape;
  margin: 18mm 15mm 17mm;
  @top-left { content: string(title) "　" string(insured); font-size: 8pt; color: #595959 }
  @top-right { content: string(union); font-size: 8pt; color: #595959 }
  @bottom-center { content: counter(page) " / " counter(pages) " ページ"; font-size: 8pt; color: #595959 }
}
@page :first { @top-left { content: none } @top-right { content: none } }
html { font: 9pt/1.4 "Noto Sans CJK JP"; color: #1a1a1a }
.union { string-set: union content(); margin: 0; padding-bottom: 2.5mm; font-size: 11pt; font-weight: bold;
  border-bottom: 0.9pt solid #333 }
h1 { string-set: title content(); margin: 5mm 0; font-size: 17pt }
.insured { float: left; margin: 3mm 0 0; color: #595959 }
.insured b { string-set: insured content(); margin-left: 6mm; font-size: 11pt; color: #1a1a1a }
.paid { float: right; margin: 0 0 5mm; padding: 3mm 5mm; border: 0.9pt solid #333 }
.paid b { margin-left: 6mm; font-size: 20pt }
table { clear: both; width: 100%; border-collapse: collapse; table-layout: fixed }
tr { break-inside: avoid }
th, td { padding: 4.5pt 5pt; border: solid #9e9e9e; border-width: 0.4pt 0; vertical-align: middle }
thead th { background: #ededed; border-width: 0.4pt; font-size: 8.5pt; text-align: center }
tbody tr:nth-child(even) { background: #f9f9f9 }
.month { text-align: center }
.care, .remarks { font-size: 8pt }
.care { display: block; color: #595959 }
.yen { text-align: right }
.own { font-weight: bold }
.sums > * { background: #ededed; border: solid #333; border-width: 0.9pt 0; font-weight: bold }
.notes { margin-top: 6mm; break-inside: avoid; font-size: 8.5pt }
.notes h2 { margin: 0 0 2mm; font-size: 9.5pt }
.notes ul { margin: 0; padding-left: 1.2em }
"""
COLUMNS = ["18mm", "36mm", "auto", "25mm", "25mm", "25mm", "25mm", "36mm"]
HEAD = """
<tr><th rowspan=2>診療年月<th rowspan=2>受診者<th rowspan=2>医療機関<br>診療区分/日数(回数)
<th rowspan=2>医療費総額<th colspan=3>医療費の内訳<th rowspan=2>備考
<tr><th>保険者負担額<th>公費負担額<th>自己負担額
"""
NOTES = [
    "記載は、1行につき1ヶ月間に1つの医療機関で受診された分をまとめています。",
    "医療費の額には保険外負担（差額ベッド代、歯科における自費診療分等）は、含まれておりません。",
    "市町村の医療費助成等を受けている方は、助成分等が「自己負担額」の欄に記載される場合もあります。",
    "自己負担額等は、端数処理や審査等によって、実際の支払額とは異なる場合があります。",
    "この通知書は確定申告には使用できません。",
]


def row(cells):
    text = {name: html.escape(cell) for name, cell in cells.items()}
    return (
        f"<tr><td class=month>{text['treatment_month']}<td>{text['patient']}"
        f"<td>{text['institution']}<span class=care>{text['care']}</span>"
        f"<td class=yen>{text['total']}<td class=yen>{text['insurer']}<td class=yen>{text['public']}"
        f"<td class='yen own'>{text['out_of_pocket']}<td class=remarks>{text['remarks']}"
    )


def document(sheet):
    union, title, insured, paid = (
        html.escape(sheet[name]) for name in ("union", "title", "insured", "paid")
    )
    sums = sheet["totals"]
    yen = [sums[name] for name in ("total", "insurer", "public", "out_of_pocket")]
    return (
        f"<!doctype html><html lang=ja><meta charset=utf-8><title>{title}</title>"
        f"<p class=union>{union}<h1>{title}</h1>"
        f"<p class=insured>被保険者氏名<b>{insured} 様</b>"
        f"<p class=paid>あなたが支払った額<b>{paid}</b>円"
        f"<table>{''.join(f'<col style=width:{width}>' for width in COLUMNS)}"
        f"<thead>{HEAD}<tbody>{''.join(row(cells) for cells in sheet['rows'])}"
        f"<tr class=sums><td class=month colspan=3>合計"
        f"{''.join(f'<td class=yen>{one}' for one in yen)}<td></table>"
        f"<section class=notes><h2>ご注意</h2><ul>{''.join(f'<li>{note}' for note in NOTES)}</ul></section>"
    )


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        sheet = json.load(file)
    fonts = FontConfiguration()
    style = weasyprint.CSS(string=STYLE, font_config=fonts)
    took = []
    for _ in range(WARM_UP + int(sys.argv[2])):
        began = time.perf_counter()
        page = weasyprint.HTML(string=document(sheet))
        pdf = page.write_pdf(stylesheets=[style], font_config=fonts)
        took.append((time.perf_counter() - began) * 1000)
    if len(sys.argv) > 3:
        with open(sys.argv[3], "wb") as file:
            file.write(pdf)
    print(json.dumps({"median_ms": statistics.median(took[WARM_UP:])}))


main()
