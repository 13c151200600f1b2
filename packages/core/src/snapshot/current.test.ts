import { describe, expect, it, vi } from 'vitest'
import { Current, Generation } from './current.ts'
import type { Snapshot } from './snapshot.ts'

const generation = (onDrained: () => void = () => {}): Generation => new Generation({} as Snapshot, onDrained)

describe('Current', () => {
  it('gives new requests the new generation and drains the old one when its last request is done', () => {
    const onDrained = vi.fn()
    const first = generation(onDrained)
    const current = new Current(first)
    const one = current.acquire()
    const two = current.acquire()
    const second = generation()
    current.swap(second)
    expect(current.acquire()).toBe(second)
    expect(current.leases).toBe(3)
    one.release()
    expect(onDrained).not.toHaveBeenCalled()
    two.release()
    expect(onDrained).toHaveBeenCalledTimes(1)
    expect(current.leases).toBe(1)
  })

  it('drains at once what nobody holds, and once only', () => {
    const onDrained = vi.fn()
    const first = generation(onDrained)
    const current = new Current(first)
    current.swap(generation())
    expect(onDrained).toHaveBeenCalledTimes(1)
    first.acquire().release()
    expect(onDrained).toHaveBeenCalledTimes(1)
  })
})
