import { useEffect, useRef, useState, type PointerEvent } from 'react';
import type { NewFile } from './api';
import { record, type Recording } from './recording';

/** A shorter press is a tap: it records on, hands free, until sent or discarded. */
const tapMs = 400;
/** Sliding this many pixels to the left throws the recording away. */
const cancelSlide = 80;
/** Shorter than this nobody meant it. */
const shortestSeconds = 0.5;

/**
 * Recording by hold (release sends, sliding left cancels) or by tap (hands free). From the keyboard it is always
 * hands free.
 */
export function useVoiceNote(onRecorded: (file: NewFile) => void, onUnavailable: () => void) {
  const recording = useRef<Recording | undefined>(undefined);
  const press = useRef<{ at: number; x: number } | undefined>(undefined);
  const [phase, setPhase] = useState<'idle' | 'asking' | 'held' | 'handsFree'>('idle');
  const [seconds, setSeconds] = useState(0);
  const active = phase === 'held' || phase === 'handsFree';

  useEffect(() => () => recording.current?.cancel(), []);

  useEffect(() => {
    if (!active) return setSeconds(0);
    const timer = setInterval(() => setSeconds(recording.current?.elapsed() ?? 0), 200);
    return () => clearInterval(timer);
  }, [active]);

  async function begin() {
    setPhase('asking');
    try {
      recording.current = await record();
      // While the browser asked for permission, the finger may have gone.
      setPhase(press.current ? 'held' : 'handsFree');
    } catch {
      setPhase('idle');
      onUnavailable();
    }
  }

  function take(): Recording | undefined {
    const taken = recording.current;
    recording.current = undefined;
    setPhase('idle');
    return taken;
  }

  const cancel = () => take()?.cancel();

  async function send() {
    const taken = take();
    const note = await taken?.finish();
    if (note && note.duration >= shortestSeconds) onRecorded({ ...note, kind: 'voice' });
  }

  const button = {
    onPointerDown(event: PointerEvent<HTMLElement>) {
      if (phase !== 'idle' || event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      press.current = { at: performance.now(), x: event.clientX };
      void begin();
    },
    onPointerMove(event: PointerEvent) {
      if (phase !== 'held' || !press.current || press.current.x - event.clientX < cancelSlide) return;
      press.current = undefined;
      cancel();
    },
    onPointerUp() {
      const held = press.current && performance.now() - press.current.at;
      press.current = undefined;
      if (held === undefined || phase !== 'held') return;
      if (held < tapMs) setPhase('handsFree');
      else void send();
    },
    onPointerCancel() {
      press.current = undefined;
      if (phase === 'held') setPhase('handsFree');
    },
    onClick(event: React.MouseEvent) {
      // A click without a pointer (detail 0) comes from the keyboard; the pointer's own first click only began it.
      if (phase === 'handsFree' && (event.detail === 0 || seconds > 0)) void send();
      else if (phase === 'idle' && event.detail === 0) void begin();
    },
  };

  return { active, handsFree: phase === 'handsFree', seconds, cancel, button };
}
