import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Message } from '../../src/phone/phone.api';
import { fileUrl } from './api';
import { Icon } from './icons';
import { usePhoneContext } from './phone-context';
import { barCount, waveform } from './waveform';
import { lasting } from './when';

const speeds = [1, 1.5, 2];
const flat: number[] = Array(barCount).fill(0);

/** Only one recording sounds at a time. */
let sounding: HTMLAudioElement | undefined;

export function VoicePlayer({ file }: { file: NonNullable<Message['file']> }) {
  const { t } = useTranslation();
  const { toast } = usePhoneContext();
  const audio = useRef<HTMLAudioElement>(null);
  const [playing, setPlaying] = useState(false);
  const [position, setPosition] = useState(0);
  const [speed, setSpeed] = useState(1);
  const [measured, setMeasured] = useState<number>();
  const [wave, setWave] = useState(flat);
  const url = fileUrl(file.id);

  useEffect(() => {
    let shown = true;
    // A format this browser cannot draw may still be one it can play, so the line just stays flat.
    waveform(url).then(
      (drawn) => shown && setWave(drawn),
      () => undefined,
    );
    return () => {
      shown = false;
    };
  }, [url]);

  // What browsers record themselves says its length only at the end, so the one given by the sender goes first.
  const duration = file.duration || measured || 0;
  const share = duration > 0 ? Math.min(1, position / duration) : 0;

  const toggle = () => {
    const element = audio.current;
    if (!element) return;
    if (!element.paused) return element.pause();
    if (sounding !== element) sounding?.pause();
    sounding = element;
    element.playbackRate = speed;
    element.play().catch((error: Error) => error.name === 'AbortError' || toast(t('voice.missing')));
  };
  const seek = (seconds: number) => {
    setPosition(seconds);
    if (audio.current) audio.current.currentTime = seconds;
  };
  const nextSpeed = () => {
    const next = speeds[(speeds.indexOf(speed) + 1) % speeds.length] ?? 1;
    setSpeed(next);
    if (audio.current) audio.current.playbackRate = next;
  };

  return (
    <div className="voice">
      <button
        type="button"
        className="voice-play"
        data-testid="voice-play"
        aria-label={t(playing ? 'voice.pause' : 'voice.play')}
        onClick={toggle}
      >
        <Icon name={playing ? 'pause' : 'play'} />
      </button>
      <div className="voice-body">
        <div className="voice-line">
          <div className="wave" aria-hidden="true">
            {wave.map((height, i) => (
              <i
                key={i}
                className={i / barCount < share ? 'played' : undefined}
                style={{ '--height': height } as React.CSSProperties}
              />
            ))}
          </div>
          <input
            type="range"
            aria-label={t('voice.position')}
            aria-valuetext={lasting(position)}
            min={0}
            max={duration || 1}
            step={0.1}
            value={position}
            onChange={(event) => seek(Number(event.target.value))}
          />
        </div>
        <span className="voice-time">{lasting(position > 0 ? position : duration)}</span>
        <button type="button" className="voice-speed" aria-label={`${t('voice.speed')}: ${speed}×`} onClick={nextSpeed}>
          {speed}×
        </button>
      </div>
      <audio
        ref={audio}
        src={url}
        preload="metadata"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setPosition(0)}
        onTimeUpdate={(event) => setPosition(event.currentTarget.ended ? 0 : event.currentTarget.currentTime)}
        onDurationChange={({ currentTarget }) =>
          setMeasured(Number.isFinite(currentTarget.duration) ? currentTarget.duration : undefined)
        }
      />
    </div>
  );
}
