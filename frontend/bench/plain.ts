// Prints what a measurement prints, and why one failed, and nothing else.

import type { FullResult, Reporter, TestCase, TestResult } from '@playwright/test/reporter'

export default class Plain implements Reporter {
  onStdOut(text: string | Buffer): void {
    process.stdout.write(text)
  }

  onTestEnd(_: TestCase, result: TestResult): void {
    for (const { message, stack } of result.errors) process.stderr.write(`${stack ?? message ?? ''}\n`)
  }

  onEnd(result: FullResult): void {
    if (result.status !== 'passed') process.stderr.write(`The measurement ended as "${result.status}".\n`)
  }
}
